"""Idioms of Keras as lessons and books write them: each a few lines, run both ways by `test_idioms`.

The lines find `keras`, `layers`, `np`, the arrays `x` (60, 8, 8, 1), `flat` (60, 64), `y` (60,), `onehot` (60, 4),
`target` (60, 1), `binary` (60,), a folder `tmp`, and `cnn()` and `mlp(**options)`, which return compiled
networks; `N(*middle)` is one between an input and a softmax, `C(m)` compiles it, `fit(m)` and `F(m, **options)` train
it on `x` and on `flat` and return the history. What is compared afterwards is called `result`.
"""

# ruff: noqa: E501

from pathlib import Path

IDIOMS: dict[str, str] = {
    # -- networks ----------------------------------------------------------------------------------------------
    "Sequential with Input": "m = keras.Sequential([keras.Input((64,)), layers.Dense(4, 'softmax')]); C(m); result = F(m)",
    "Sequential.add": "m = keras.Sequential(); m.add(layers.Dense(4, activation='softmax', input_shape=(64,))); C(m); result = F(m)",
    "InputLayer": "m = keras.Sequential([layers.InputLayer(shape=(64,)), layers.Dense(4, 'softmax')]); C(m); result = F(m)",
    "no input shape": "m = keras.Sequential([layers.Dense(4, 'softmax')]); C(m); result = F(m)",
    "build later": "m = keras.Sequential([layers.Dense(4, 'softmax')]); m.build((None, 64)); C(m); result = F(m)",
    "functional": "i = keras.Input((64,)); o = layers.Dense(4, 'softmax')(i); m = keras.Model(i, o); C(m); result = F(m)",
    "skip connection": "i = keras.Input((64,)); h = layers.Dense(8, 'relu')(i); h = layers.Add()([h, layers.Dense(8)(h)]); m = keras.Model(i, layers.Dense(4, 'softmax')(h)); C(m); result = F(m)",
    "concatenate": "i = keras.Input((64,)); a = layers.Dense(3, 'relu')(i); b = layers.Dense(5, 'tanh')(i); m = keras.Model(i, layers.Dense(4, 'softmax')(layers.Concatenate()([a, b]))); C(m); result = F(m)",
    "convolution and pool": "m = cnn(); result = fit(m)",
    "same padding, strides": "m = N(layers.Conv2D(3, 3, strides=2, padding='same', activation='relu'), layers.Flatten()); result = fit(m)",
    "average pool": "m = N(layers.Conv2D(3, 3), layers.AveragePooling2D(2), layers.Flatten()); result = fit(m)",
    "global average pool": "m = N(layers.Conv2D(3, 3, activation='relu'), layers.GlobalAveragePooling2D()); result = fit(m)",
    "batch normalisation": "m = N(layers.Conv2D(3, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()); result = fit(m)",
    "separable convolution": "m = N(layers.SeparableConv2D(4, 3, activation='relu'), layers.Flatten()); result = fit(m)",
    "depthwise convolution": "m = N(layers.DepthwiseConv2D(3), layers.Flatten()); result = fit(m)",
    "rescaling inside": "m = N(layers.Rescaling(1 / 2.0), layers.Flatten()); result = fit(m)",
    "reshape": "m = N(layers.Reshape((64,)), layers.Dense(8, 'relu')); result = fit(m)",
    "dropout, predicting": "m = N(layers.Flatten(), layers.Dropout(0.5)); result = m.predict(x, verbose=0)",
    "activation as a layer": "m = N(layers.Flatten(), layers.Dense(6), layers.Activation('elu')); result = fit(m)",
    "leaky ReLU": "m = N(layers.Flatten(), layers.Dense(6), layers.LeakyReLU()); result = fit(m)",
    "he_normal": "m = N(layers.Flatten(), layers.Dense(6, 'relu', kernel_initializer='he_normal')); result = fit(m)",
    "l2": "m = N(layers.Flatten(), layers.Dense(6, 'relu', kernel_regularizer=keras.regularizers.L2(0.01))); result = fit(m)",
    "l1_l2": "m = N(layers.Flatten(), layers.Dense(6, kernel_regularizer=keras.regularizers.L1L2(0.01, 0.01))); result = fit(m)",
    "a name for each layer": "m = N(layers.Flatten(name='flat'), layers.Dense(6, name='hidden')); fit(m); result = m.get_layer('hidden').get_weights()",
    # -- compiling ---------------------------------------------------------------------------------------------
    "adam by name": "m = mlp(optimizer='adam'); result = F(m)",
    "sgd by name": "m = mlp(optimizer='sgd'); result = F(m)",
    "rmsprop by name": "m = mlp(optimizer='rmsprop'); result = F(m)",
    "momentum": "m = mlp(optimizer=keras.optimizers.SGD(0.1, momentum=0.9)); result = F(m)",
    "nesterov": "m = mlp(optimizer=keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)); result = F(m)",
    "AdamW": "m = mlp(optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.1)); result = F(m)",
    "Nadam": "m = mlp(optimizer=keras.optimizers.Nadam()); result = F(m)",
    "Adagrad": "m = mlp(optimizer=keras.optimizers.Adagrad(0.1)); result = F(m)",
    "amsgrad": "m = mlp(optimizer=keras.optimizers.Adam(amsgrad=True)); result = F(m)",
    "clipnorm": "m = mlp(optimizer=keras.optimizers.Adam(clipnorm=0.1)); result = F(m)",
    "clipvalue": "m = mlp(optimizer=keras.optimizers.SGD(clipvalue=0.01)); result = F(m)",
    "exponential decay": "m = mlp(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))); result = F(m)",
    "cosine decay": "m = mlp(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 6))); result = F(m)",
    "piecewise constant": "m = mlp(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.1, 0.01]))); result = F(m)",
    "one-hot labels": "m = mlp(loss='categorical_crossentropy'); result = m.fit(flat, onehot, verbose=0).history",
    "to_categorical": "m = mlp(loss='categorical_crossentropy'); result = m.fit(flat, keras.utils.to_categorical(y, 4), verbose=0).history",
    "from_logits": "m = keras.Sequential([keras.Input((64,)), layers.Dense(4)]); m.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy']); result = F(m)",
    "label smoothing": "m = mlp(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1)); result = m.fit(flat, onehot, verbose=0).history",
    "binary": "m = keras.Sequential([keras.Input((64,)), layers.Dense(1, 'sigmoid')]); m.compile('adam', 'binary_crossentropy', metrics=['accuracy']); result = m.fit(flat, binary, verbose=0).history",
    "regression": "m = keras.Sequential([keras.Input((64,)), layers.Dense(1)]); m.compile('adam', 'mse'); result = m.fit(flat, target, verbose=0).history",
    "mean absolute error": "m = keras.Sequential([keras.Input((64,)), layers.Dense(1)]); m.compile('adam', 'mae'); result = m.fit(flat, target, verbose=0).history",
    "top-k": "m = mlp(metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2)]); result = F(m)",
    "acc": "m = mlp(metrics=['acc']); result = F(m)",
    "metric object": "m = mlp(metrics=[keras.metrics.SparseCategoricalAccuracy(name='a')]); result = F(m)",
    "no metrics": "m = mlp(metrics=None); result = F(m)",
    "steps_per_execution": "m = mlp(steps_per_execution=2); result = F(m)",
    # -- fitting -----------------------------------------------------------------------------------------------
    "validation_split": "m = mlp(); result = F(m, validation_split=0.2)",
    "validation_data": "m = mlp(); result = F(m, validation_data=(flat[:20], y[:20]))",
    "validation_freq": "m = mlp(); result = F(m, epochs=4, validation_data=(flat[:20], y[:20]), validation_freq=2)",
    "batch_size": "m = mlp(); result = F(m, batch_size=7)",
    "shuffle=False": "m = mlp(); result = F(m, shuffle=False)",
    "shuffle='batch'": "m = mlp(); result = F(m, shuffle='batch')",
    "class_weight": "m = mlp(); result = F(m, class_weight={0: 1.0, 1: 2.0, 2: 0.5, 3: 1.0})",
    "sample_weight": "m = mlp(); result = F(m, sample_weight=np.linspace(0, 2, 60))",
    "initial_epoch": "m = mlp(); F(m); result = F(m, epochs=4, initial_epoch=2)",
    "fit twice": "m = mlp(); F(m); result = F(m)",
    "a loop of fits": "m = mlp(); result = [F(m, epochs=1) for _ in range(3)]",
    "steps_per_epoch": "m = mlp(); result = F(m, steps_per_epoch=2, batch_size=16)",
    "bytes": "m = cnn(); result = m.fit(np.uint8(9 * x), y, verbose=0).history",
    "double precision data": "m = mlp(); result = m.fit(flat.astype('float64'), y, verbose=0).history",
    "no channel axis": "m = cnn(); result = m.fit(x[..., 0], y, verbose=0).history",
    "labels in a column": "m = mlp(); result = m.fit(flat, y.reshape(-1, 1), verbose=0).history",
    "jax arrays": "import jax.numpy as jnp; m = mlp(); result = m.fit(jnp.asarray(flat), jnp.asarray(y), verbose=0).history",
    "a generator": "m = mlp(); g = ((flat[i : i + 10], y[i : i + 10]) for i in range(0, 60, 10)); result = m.fit(g, shuffle=False, steps_per_epoch=6, verbose=0).history",
    "PyDataset": "class D(keras.utils.PyDataset):\n    def __len__(self): return 3\n    def __getitem__(self, i): return flat[20 * i : 20 * i + 20], y[20 * i : 20 * i + 20]\nm = mlp(); result = m.fit(D(), shuffle=False, verbose=0).history",
    "train_on_batch": "m = mlp(); result = [m.train_on_batch(flat[:20], y[:20]) for _ in range(3)]",
    "test_on_batch": "m = mlp(); result = m.test_on_batch(flat[:20], y[:20])",
    "history.epoch": "m = mlp(); result = m.fit(flat, y, epochs=2, verbose=0).epoch",
    "history.params": "m = mlp(); result = m.fit(flat, y, epochs=2, verbose=0).params",
    # -- callbacks ---------------------------------------------------------------------------------------------
    "EarlyStopping": "m = mlp(); result = F(m, epochs=5, callbacks=[keras.callbacks.EarlyStopping('loss', patience=1, min_delta=9)])",
    "restore_best_weights": "m = mlp(); F(m, epochs=4, callbacks=[keras.callbacks.EarlyStopping('loss', patience=2, min_delta=9, restore_best_weights=True)]); result = m.get_weights()",
    "ModelCheckpoint": "m = mlp(); F(m, callbacks=[keras.callbacks.ModelCheckpoint(tmp / 'a.weights.h5', save_weights_only=True)]); m.load_weights(tmp / 'a.weights.h5'); result = m.get_weights()",
    "save_best_only": "m = mlp(); result = F(m, epochs=3, callbacks=[keras.callbacks.ModelCheckpoint(tmp / 'm.keras', monitor='loss', save_best_only=True)])",
    "ReduceLROnPlateau": "m = mlp(); result = F(m, epochs=4, callbacks=[keras.callbacks.ReduceLROnPlateau('loss', patience=1, min_delta=9)])",
    "LearningRateScheduler": "m = mlp(); result = F(m, epochs=3, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])",
    "CSVLogger": "m = mlp(); F(m, callbacks=[keras.callbacks.CSVLogger(tmp / 'log.csv')]); result = (tmp / 'log.csv').read_text().splitlines()[0]",
    "TerminateOnNaN": "m = mlp(); result = F(m, callbacks=[keras.callbacks.TerminateOnNaN()])",
    "BackupAndRestore": "m = mlp(); result = F(m, callbacks=[keras.callbacks.BackupAndRestore(tmp / 'backup')])",
    "LambdaCallback at an epoch's end": "seen = []; m = mlp(); F(m, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs['loss']))]); result = seen",
    "LambdaCallback at a batch's end": "seen = []; m = mlp(); F(m, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs['loss']))]); result = seen",
    "a callback that predicts": "class P(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None): seen.append(self.model.predict(flat[:2], verbose=0))\nseen = []; m = mlp(); F(m, callbacks=[P()]); result = seen",
    "stop_training": "class S(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None): self.model.stop_training = epoch == 1\nm = mlp(); result = F(m, epochs=5, callbacks=[S()])",
    # -- evaluating, predicting, keeping -----------------------------------------------------------------------
    "evaluate": "m = mlp(); result = m.evaluate(flat, y, verbose=0)",
    "return_dict": "m = mlp(); result = m.evaluate(flat, y, verbose=0, return_dict=True)",
    "argmax of predict": "m = cnn(); fit(m); result = m.predict(x, verbose=0).argmax(axis=1).tolist()",
    "one image": "m = cnn(); result = m.predict(x[:1], verbose=0)",
    "predict_on_batch": "m = mlp(); result = m.predict_on_batch(flat[:5])",
    "calling the model": "m = mlp(); F(m); result = np.array(m(flat[:5]))",
    "the middle of a network": "m = cnn(); fit(m); result = keras.Model(m.inputs, m.layers[0].output).predict(x[:3], verbose=0)",
    "freeze, recompile": "m = cnn(); fit(m); m.layers[0].trainable = False; C(m); result = fit(m)",
    "change the learning rate": "m = mlp(); F(m); m.optimizer.learning_rate = 0.1; result = F(m)",
    "set_weights": "m = mlp(); F(m); m.set_weights([w * 0.5 for w in m.get_weights()]); result = F(m)",
    "save, load, go on": "m = mlp(); F(m); m.save(tmp / 'm.keras'); m = keras.models.load_model(tmp / 'm.keras'); result = F(m)",
    "save_weights": "m = mlp(); F(m); m.save_weights(tmp / 'm.weights.h5'); n = mlp(); F(n); n.load_weights(tmp / 'm.weights.h5'); result = n.predict(flat, verbose=0)",
    "clone_model": "m = mlp(); F(m); n = keras.models.clone_model(m); n.set_weights(m.get_weights()); result = n.predict(flat, verbose=0)",
    "two models, one after the other": "a, b = mlp(), mlp(); F(a); result = F(b), F(a)",
}

PAGE = Path(__file__).parents[2] / "docs" / "idioms.md"

HEAD = """# A hundred idioms of Keras, each run both ways

What lessons and books do with Keras. Each of these is run twice from the same seeds by `tests/accelerate/test_idioms.py`,
by plain Keras and with `accelerate(strict=True)`, where anything that is not native is an error; what comes of it is the
same within rounding, and so are the draws from NumPy's and Python's random generators. What is *not* native is in
[limits.md](limits.md).

`x`, `y`, `flat`, `onehot`, `target` and `binary` are small arrays, `cnn()`, `mlp(…)` and `N(…)` small compiled networks,
`C(m)` compiles, `fit(m)` and `F(m, …)` train and return the history. This page is written by
`python tests/accelerate/idioms.py`.

| | idiom | as it is run |
|---|---|---|
"""


def page() -> str:
    """The page that lists them."""
    rows = [
        f"| {number} | {name} | {'; '.join(f'`{part.strip()}`' for part in code.split(chr(10)))} |"
        for number, (name, code) in enumerate(IDIOMS.items(), 1)
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
