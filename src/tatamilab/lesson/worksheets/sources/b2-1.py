# %% [markdown] key="title" lang="ja"
# # B2-1　畳み込みニューラルネットワーク（CNN）入門
#
# 手書きの数字を見分けるネットワークを、自分の手で動かします。前回の B1-2 では、画像を 784 個の数の列にほどいてから 3 層のネットワークに渡しました。今回のネットワークは、画像を**画像のまま**受け取ります。そして、どこに注目すればよいかを、データから自分で見つけます。
#
# **進め方**　セルを上から順に `Shift + Enter` で実行してください。初めに「どうなると思うか」を一言書いてから実行すると、ずっと面白くなります。途中でわからなくなったら、「カーネルの再起動」をしてから上からやり直せば、必ず元に戻れます。
#
# **提出するもの**　課題 B2-1-1 と B2-1-2 の解答です。課題の後ろにある「もっと深く」は、時間の許すかぎり進んでください。
# %% [markdown] key="title" lang="en"
# # B2-1: An introduction to convolutional neural networks (CNNs)
#
# Today you run a network that tells handwritten digits apart. In B1-2 we unrolled each image into a row of 784 numbers before a three-layer network saw it. This time the network gets the image **as an image**, and finds out from the data where to look.
#
# **How to work.** Run the cells from top to bottom with `Shift + Enter`. Before you run one, write down in a word what you expect: it makes the surprises visible. If you get lost, restart the kernel and run from the top; that always brings you back.
#
# **What you hand in.** Your answers to tasks B2-1-1 and B2-1-2. "Going deeper", behind the tasks, is for whatever time you have left.
# %% key="header"
# ja: あなたについて（2 人で 1 台を使うときは、読点「、」で区切って両方書いてください）
# en: about you (two of you at one machine: write both, with a comma between)
student_id = ""  # @student-id
name = ""  # @name
email = ""  # @email
# %% [markdown] key="convolution" lang="ja"
# ## 畳み込みとは何か
#
# 小さな窓を画像の上で少しずつずらしながら、どこでも**同じ計算**をする。畳み込みは、それだけのことです。
#
# 窓の中の画素と、窓と同じ大きさの**フィルタ**（重みの表）とを、重なった位置どうしで掛けて、全部足し、最後に**バイアス**という数を一つ足します。フィルタの大きさが 5×5 なら、掛け算が 25 回です。
#
# ```
# y[i, j, o] = b[o] + Σ x[i+u, j+v, c] · w[u, v, c, o]
# ```
#
# 和をとるのは、窓の中の行と列 `u, v` と、入力チャネル `c` です。`i, j` は出力の行と列、`o` はフィルタの番号です。できた表を**特徴マップ**と呼びます。フィルタが「こういう形はあるか」という質問だとすれば、特徴マップはその答えの地図です。フィルタが 32 枚あれば、地図も 32 枚できます。
#
# 全結合層との違いは二つあります。
#
# - **局所性**　一つの出力が見るのは、画像全体ではなく 5×5 の窓の中だけです。
# - **重みの共有**　どの場所でも同じフィルタを使います。左上で覚えた「縦の線」が、右下でもそのまま使えます。
#
# 下のセルで、縦線が 1 本だけある 5×5 の画像に 3×3 のフィルタをかけてみましょう。窓を置ける場所は縦も横も 5 − 3 + 1 = 3 通りなので、出力は 3×3 です。
# %% [markdown] key="convolution" lang="en"
# ## What a convolution is
#
# Slide a small window over the image, and do **the same sum** everywhere. That is all there is to it.
#
# Multiply each pixel under the window by the weight that lies on it (the table of weights is called a **filter**), add everything up, and add one more number, the **bias**. With a 5×5 filter that is 25 products.
#
# ```
# y[i, j, o] = b[o] + Σ x[i+u, j+v, c] · w[u, v, c, o]
# ```
#
# The sum runs over `u, v`, row and column in the window, and `c`, the input channel. `i, j` are row and column of the output, `o` is the number of the filter. The table that comes out is called a **feature map**. If a filter is a question ("is there such a shape?"), its map says where the answer is yes. Thirty-two filters make thirty-two maps.
#
# Two things set it apart from a dense layer:
#
# - **Locality.** One output sees a 5×5 window, not the whole image.
# - **Shared weights.** The same filter is used everywhere. What was learned about a vertical stroke in the upper left also works in the lower right.
#
# The next cell lays a 3×3 filter on a 5×5 image with one vertical line. The window fits in 5 − 3 + 1 = 3 places each way, so the output is 3×3.
# %% key="convolution-code"
import numpy as np

image = np.array(
    [
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
    ],
    dtype=np.float32,
)
small_filter = np.array([[-1, 1, 0], [-1, 1, 0], [-1, 1, 0]], dtype=np.float32)

feature_map = np.zeros((3, 3), dtype=np.float32)
for i in range(3):
    for j in range(3):
        window = image[i : i + 3, j : j + 3]
        feature_map[i, j] = np.sum(window * small_filter)
print(feature_map)
# %% [markdown] key="convolution-after" lang="ja"
# 「左が暗く、右が明るい」という縁の上では +3、その反対の縁の上では −3 になりました。フィルタと**同じ形**のところで大きくなるのです。
#
# 言葉の注意を一つ。数学の「畳み込み」ではフィルタを上下左右に裏返してから掛けますが、Keras の `Conv2D` は**裏返しません**（数学で言う相互相関です）。重みは学習で決まるので、どちらでも困りません。ただし「フィルタの絵は、そのまま画像に重なる」と覚えておくと、あとで絵を読むときに迷いません。確かめるセルは [1-3] の後ろにあります。
# %% [markdown] key="convolution-after" lang="en"
# It says +3 on the edge that is dark on the left and bright on the right, and −3 on the opposite edge: large where the image **looks like the filter**.
#
# A word about words. In mathematics a convolution turns the filter upside down and left to right first. `Conv2D` in Keras **doesn't** (mathematicians would call it a cross-correlation). Since the weights are learned, nothing is lost. But remember that a filter lies on the image just as it is drawn; it will help when you read the pictures. We check it behind cell [1-3].
# %% [markdown] key="setup" lang="ja"
# ## 準備
#
# 最初の行は tatamilab を読み込みます。以後の Keras のコードは何も変わりませんが、学習が速くなり、MNIST がネットワークなしで手に入ります。
#
# 最初の学習のときに `tatamilab：ネイティブ` と 1 行出ます。速いほうのしくみで学習した、という知らせです（エラーではありません）。
# %% [markdown] key="setup" lang="en"
# ## Setup
#
# The first line loads tatamilab. Your Keras code stays as it is; it trains faster, and finds MNIST without a network.
#
# When the first training begins, a line `tatamilab: native` says that the fast engine is at work. It is no error.
# %% key="1-0"
# [1-0]
# %load_ext tatamilab
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

import tatamilab
from tatamilab.i18n import set_language
from tatamilab.lesson import draw_of, show

# ja: 図とメッセージの言語
# en: the language of figures and messages
set_language("ja")  # ja
set_language("en")  # en
# ja: 乱数の種。同じ種なら、初期値も画像の順番も同じになります
# en: the seed of chance: the same seed gives the same initial weights and the same order of images
SEED = 0


# %% [markdown] key="data" lang="ja"
# ## データの準備
#
# MNIST は、0 から 9 までの手書き数字の画像 70,000 枚です。学習用が 60,000 枚、テスト用が 10,000 枚に分かれています。画素の値 0〜255 を 255 で割って 0〜1 にし、末尾に**チャネル**の軸を一つ足します。白黒写真なのでチャネルは 1 です（カラーなら赤・緑・青の 3 です）。前回のように一列にほどくことは、しません。
# %% [markdown] key="data" lang="en"
# ## The data
#
# MNIST holds 70,000 images of handwritten digits from 0 to 9: 60,000 to learn from, 10,000 to be tested on. We divide the pixel values 0–255 by 255, and add one more axis at the end, the **channel**. These are grey images, so there is one channel (a colour image has three: red, green, blue). We do not unroll them as we did last time.
# %% key="1-1"
# [1-1]
# ja: data_size: 先頭から何枚だけ使うか。draw: 乱数の種を渡すと、先頭の代わりに無作為に選ぶ
# en: data_size: how many of the first images to use; draw: a seed, to choose at random instead
def get_data_mnist(data_size=None, draw=None):
    (X_train, y_train), (X_test, y_test) = keras.datasets.mnist.load_data()
    X_train = np.expand_dims(X_train.astype(np.float32) / 255.0, -1)
    X_test = np.expand_dims(X_test.astype(np.float32) / 255.0, -1)
    if data_size is not None:
        n = len(X_train)
        order = np.arange(n) if draw is None else np.random.default_rng(draw).permutation(n)
        X_train, y_train = X_train[order[:data_size]], y_train[order[:data_size]]
    return (X_train, y_train), (X_test, y_test)


# %% key="1-2"
# [1-2]
(X_train, y_train), (X_test, y_test) = get_data_mnist()
print(f"X_train shape : {X_train.shape}")
print(f"y_train shape : {y_train.shape}")
print(f"X_test shape  : {X_test.shape}")
print(f"y_test shape  : {y_test.shape}")
# %% [markdown] key="model" lang="ja"
# ## CNN モデルの構築
#
# 層を順に積み上げるだけです。数字の変わり方を、一つずつ自分で確かめてください。
#
# | 層 | 出力の大きさ | なぜそうなるか |
# |---|---|---|
# | 入力 | 28×28×1 | 白黒画像 1 枚 |
# | 5×5 の畳み込み、フィルタ 32 枚、ReLU | 24×24×32 | 窓を置ける場所は 28 − 5 + 1 = 24 通り。特徴マップが 32 枚 |
# | 2×2 の最大値プーリング | 12×12×32 | 2×2 ごとに最大の値を残す。縦横が半分、面積は 1/4 |
# | 1 列に並べる | 4608 | 12 · 12 · 32 |
# | 全結合、ReLU | 20 | 4608 個の数を 20 個にまとめる |
# | 全結合、softmax | 10 | 数字ごとの確率 |
#
# 12×12×32 は**特徴マップ**が 32 枚という意味で、フィルタではありません。フィルタは 5×5 が 32 枚です。この二つを混ぜて覚えると、あとで必ず困ります。
#
# 最後の 4608–20–10 は、前回の BPNN（784–32–10）と**同じ形**の全結合ネットワークです。ただし大きさは違います。「画像から特徴を取り出す部分」の後ろに「前回と同じ種類の分類器」がつながっている、と読んでください。
# %% [markdown] key="model" lang="en"
# ## Building the CNN
#
# We only stack layers. Check every number yourself:
#
# | Layer | Output | Why |
# |---|---|---|
# | input | 28×28×1 | one grey image |
# | 5×5 convolution, 32 filters, ReLU | 24×24×32 | the window fits in 28 − 5 + 1 = 24 places; 32 feature maps |
# | 2×2 max-pooling | 12×12×32 | the largest of every 2×2: half as high, half as wide, a quarter of the area |
# | flatten | 4608 | 12 · 12 · 32 |
# | dense, ReLU | 20 | twenty numbers made of 4608 |
# | dense, softmax | 10 | a probability for each digit |
#
# 12×12×32 means 32 **feature maps**. The filters are something else: there are 32 of them, 5×5 each. Keep the two apart from the start.
#
# The tail, 4608–20–10, has the **form** of the BPNN of last time (784–32–10), not its size. Read the network as "a part that draws features from the image" with "a classifier of the kind you know" behind it.
# %% key="1-3"
# [1-3]
keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, kernel_size=(5, 5), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(),
        layers.Dense(20, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
# ja: 学習前の重みを取っておく（あとで比べるため）
# en: keep the weights from before training, to compare with later
initial_weights = model.get_weights()
model.summary()
# %% key="1-3-network"
from tatamilab.instruments import describe_network, plot_network

show(plot_network(model), describe_network(model))
# %% [markdown] key="flip" lang="ja"
# `Conv2D` がフィルタを裏返さないことを、実物で確かめます。同じ場所の値を、そのまま重ねた場合と裏返した場合の両方で計算して、Keras の答えと比べます。
# %% [markdown] key="flip" lang="en"
# Let us check that `Conv2D` does not flip its filter. We compute one value both ways, with the filter as it is and with the filter turned, and compare with what Keras says.
# %% key="flip-code"
kernel, bias = initial_weights[:2]
patch = X_test[0, 10:15, 10:15, 0]
only_convolution = layers.Conv2D(32, 5)
only_convolution.build((None, 28, 28, 1))
only_convolution.set_weights([kernel, bias])
of_keras = float(only_convolution(X_test[:1])[0, 10, 10, 3])
as_drawn = float(np.sum(patch * kernel[:, :, 0, 3]) + bias[3])
turned = float(np.sum(patch * kernel[::-1, ::-1, 0, 3]) + bias[3])
print(f"Keras: {of_keras:.6f}　そのまま: {as_drawn:.6f}　裏返し: {turned:.6f}")  # ja
print(f"Keras: {of_keras:.6f}   as drawn: {as_drawn:.6f}   turned: {turned:.6f}")  # en


# %% [markdown] key="filters-before" lang="ja"
# ## 学習前のフィルタ
#
# 5×5（×1 チャネル）のフィルタが 32 枚あります。まだ何も学習していないので、値は乱数です。絵の上の番号は、あとでフィルタを名指しするときに使います。
# %% [markdown] key="filters-before" lang="en"
# ## The filters before training
#
# There are 32 filters of 5×5 (×1 channel). Nothing has been learned yet, so their values are random. The numbers above them are there to name them by, later on.
# %% key="1-4"
# [1-4]
# ja: layer_id: 前から何番目の畳み込み層か（0 から数える）
# en: layer_id: which convolution layer, counted from 0
def plot_conv_filter(model, layer_id=0):
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    if layer_id >= len(convolutions):
        print(f"畳み込み層は {len(convolutions)} 層です。{layer_id} 番はありません。")  # ja
        print(f"There are {len(convolutions)} convolution layers; number {layer_id} does not exist.")  # en
        return
    kernel, bias = convolutions[layer_id].get_weights()
    print(f"filter shape : {kernel.shape}   bias shape : {bias.shape}")
    cols = 8
    rows = math.ceil(kernel.shape[-1] / cols)
    _fig, axes = plt.subplots(rows, cols, figsize=(cols, 1.25 * rows), squeeze=False)
    for number, ax in enumerate(axes.flat):
        ax.axis("off")
        if number < kernel.shape[-1]:
            ax.imshow(kernel[:, :, 0, number], cmap="gray")
            ax.set_title(number, fontsize=8)
    plt.show()


# %% key="1-5"
# [1-5]
plot_conv_filter(model, 0)


# %% [markdown] key="compile" lang="ja"
# ## コンパイルと、学習前の成績
#
# 学習には、**誤差関数**（どれだけ外れたかを測るもの）と**最適化手法**（重みをどう動かすか）が要ります。ここでは交差エントロピーと Adam を使います。
#
# 学習前の正解率は、どのくらいだと思いますか。10 種類の数字を当てずっぽうで答えたら？
# %% [markdown] key="compile" lang="en"
# ## Compiling, and the score before training
#
# To learn, the network needs a **loss** (how wrong was it?) and an **optimizer** (how to move the weights). We take cross-entropy and Adam.
#
# What will the accuracy be before training? What would blind guessing among ten digits give?
# %% key="1-6"
# [1-6]
def model_setup(model, optimizer="adam", lr=0.001):
    optimizers = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizers[optimizer](learning_rate=lr),
        metrics=["accuracy"],
    )


# %% key="1-7"
# [1-7]
model_setup(model)
loss_no_train, accuracy_no_train = model.evaluate(X_test, y_test, verbose=0)
print(f"学習前の誤差   : {loss_no_train:.4f}")  # ja
print(f"loss before training     : {loss_no_train:.4f}")  # en
print(f"学習前の正解率 : {accuracy_no_train:.4f}")  # ja
print(f"accuracy before training : {accuracy_no_train:.4f}")  # en


# %% [markdown] key="fit" lang="ja"
# ## 学習
#
# `validation_split=0.1` は、60,000 枚の**最後の** 10 %（6,000 枚）を学習に使わず、検証のために取り分けます。残りの 54,000 枚を 128 枚ずつの**バッチ**に分けるので、1 エポックは 54,000 ÷ 128 を切り上げて 422 ステップ。重みは 1 エポックに 422 回更新されます。
#
# もう一つ大事なこと。**`fit` のセルをもう一度実行すると、初めからではなく、続きを学習します**。`compile` をやり直しても、重みは初めに戻りません（戻るのは最適化手法の状態だけです）。初めからやり直したいときは、モデルを作る [1-3] から実行してください。下のセルは、すでに学習したモデルに気づいたら、そう言います。
# %% [markdown] key="fit" lang="en"
# ## Training
#
# `validation_split=0.1` holds back the **last** 10% of the 60,000 images (6,000) for validation. The other 54,000 are cut into **batches** of 128, so an epoch has 54,000 ÷ 128, rounded up, 422 steps: the weights are updated 422 times an epoch.
#
# One more thing. **Running the `fit` cell again does not start again: it goes on.** `compile` does not reset the weights either (only the optimizer's own state). To begin afresh, run from [1-3], where the model is made. The cell below notices a network that has been trained already, and says so.
# %% key="1-8"
# [1-8]
def has_been_trained(model, initial_weights):
    return any(not np.array_equal(now, then) for now, then in zip(model.get_weights(), initial_weights))


if has_been_trained(model, initial_weights):
    print("注意: このモデルはすでに学習しています。続きを学習します。初めからなら [1-3] へ。")  # ja
    print("Note: this network has been trained already; this goes on. To begin afresh, go to [1-3].")  # en
batch_size = 128
epochs = 10
trainlog = model.fit(X_train, y_train, batch_size=batch_size, epochs=epochs, validation_split=0.1, verbose=2)


# %% [markdown] key="curves" lang="ja"
# ## 学習曲線
#
# **左が正解率、右が誤差**です。青が学習データ、橙が検証データ。二つの線が離れ始めるところはありますか。
# %% [markdown] key="curves" lang="en"
# ## Learning curves
#
# **The left curve is accuracy, the right one is loss.** Blue is the training data, orange the validation data. Is there a place where the two begin to part?
# %% key="1-9"
# [1-9]
def plot_result(log, title="Model"):
    _fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3))
    for ax, name in ((left, "accuracy"), (right, "loss")):
        epoch = np.arange(1, len(log.history[name]) + 1)
        ax.plot(epoch, log.history[name], marker="o", label="Train")
        ax.plot(epoch, log.history[f"val_{name}"], marker="s", label="Validation")
        ax.set_title(f"{title} {name}")
        ax.set_xlabel("Epoch")
        ax.set_ylabel(name.capitalize())
        ax.legend()
    plt.show()


# %% key="1-10"
# [1-10]
plot_result(trainlog)
# %% [markdown] key="filters-after" lang="ja"
# ## 学習後のフィルタ
#
# もう一度、同じ 32 枚を見ます。濃淡がはっきり分かれたように見えるでしょうか。よく見てください。この絵は課題 B2-1-1 で使います。
#
# ただし、この描き方では**フィルタ 1 枚ごとに**、一番小さい値を黒、一番大きい値を白にしています。だから、値がほとんど 0 のフィルタも、値の大きいフィルタも、同じ濃さに見えます。大きさを比べたいときは、すべてを一つの目盛で描いた図が要ります（「もっと深く」の 2）。
# %% [markdown] key="filters-after" lang="en"
# ## The filters after training
#
# The same 32 once more. Do light and dark seem to have parted? Look closely: you need this picture for task B2-1-1.
#
# But note how it is drawn. **Each filter by itself** goes from black (its smallest value) to white (its largest). So a filter that is nearly 0 everywhere looks as strong as a large one. To compare sizes you need all of them on one scale ("Going deeper", number 2).
# %% key="1-11"
# [1-11]
plot_conv_filter(model, layer_id=0)
# %% [markdown] key="evaluate" lang="ja"
# ## テストデータでの成績
#
# 学習にも検証にも使っていない 10,000 枚で測ります。最後の行の `keep` は、この結果（正解率、設定、使ったデータ）をノートブックに書き留めます。レポートの表は、ここから作られます。
# %% [markdown] key="evaluate" lang="en"
# ## The score on the test images
#
# We measure on 10,000 images that took no part in training or validation. `keep`, at the end, writes this result down in the notebook (accuracy, settings, data): the table of your report is made from it.
# %% key="1-12"
# [1-12]
loss_train, accuracy_train = model.evaluate(X_test, y_test, verbose=0)
print(f"正解率　学習前 {accuracy_no_train:.4f} → 学習後 {accuracy_train:.4f}")  # ja
print(f"accuracy before {accuracy_no_train:.4f} → after {accuracy_train:.4f}")  # en
print(f"誤差　　学習前 {loss_no_train:.4f} → 学習後 {loss_train:.4f}")  # ja
print(f"loss     before {loss_no_train:.4f} → after {loss_train:.4f}")  # en
tatamilab.keep("CNN", model, trainlog, X_test, y_test, seed=SEED, batch_size=batch_size)


# %% [markdown] key="mistakes" lang="ja"
# ## 間違えた画像
#
# 「正解 -> 予測」の順に書いてあります。あなたなら読めますか。人間でも迷う字と、「なぜこれを間違えるのか」と思う字の、両方があるはずです。
# %% [markdown] key="mistakes" lang="en"
# ## The images it got wrong
#
# Each says "true -> predicted". Could you read them? Some would make anyone hesitate; with others you will wonder how one can get them wrong.
# %% key="1-13"
# [1-13]
# ja: 数字ごとに 5 枚まで。間違いのない数字の列は空けておく
# en: up to five of each digit; the column of a digit without mistakes stays empty
def random_plot(X, y, predict, rows=5):
    rng = np.random.default_rng(SEED)
    _fig, axes = plt.subplots(rows, 10, figsize=(10, 1.25 * rows))
    for digit in range(10):
        wrong = rng.permutation(np.flatnonzero(y == digit))
        for row in range(rows):
            ax = axes[row, digit]
            ax.axis("off")
            if row < len(wrong):
                ax.imshow(X[wrong[row], :, :, 0], cmap="gray")
                ax.set_title(f"{digit} -> {predict[wrong[row]]}", fontsize=9)
    plt.show()


# %% key="1-14"
# [1-14]
test_predict = np.argmax(model.predict(X_test, verbose=0), axis=1)
false_idx = y_test != test_predict
print(f"{false_idx.sum()} / {len(y_test)}")
random_plot(X_test[false_idx], y_test[false_idx], test_predict[false_idx])
# %% [markdown] key="task-1" lang="ja"
# ## 課題 B2-1-1　学習後のフィルタの考察
#
# 学習によって、畳み込みフィルタはどうしてこのようなパターン（[1-11]）になったのでしょうか。考えて書いてください。
#
# 書く前に、次の三つを手がかりにしてください。
#
# 1. 32 枚のうち、**具体的にどれか**（何番）を選んで、形を言葉にする。数字の画像の、どんな部分と重なると大きな値になりますか。
# 2. フィルタを動かしたものは何でしょうか。重みは、何に比例して変わりますか（誤差逆伝播を思い出してください）。
# 3. あなたの説明が正しいなら、**ほかに何が観察できるはず**ですか。「もっと深く」の図で確かめられます。
# %% [markdown] key="task-1" lang="en"
# ## Task B2-1-1: Why do the filters look like this?
#
# Why did training give the filters the patterns that you see in [1-11]? Think, and write.
#
# Three handles, before you begin:
#
# 1. Choose **particular filters** (by number) and put their form into words. On which part of a digit would they answer strongly?
# 2. What moved the weights? What is their change proportional to (think of backpropagation)?
# 3. If your explanation is right, **what else should be seen**? The figures in "Going deeper" let you look.
# %% [markdown] key="answer-1" lang="ja" answer="B2-1-1"
# **解答 B2-1-1**
#
# （ここに書いてください。このセルをダブルクリックすると編集できます。）
# %% [markdown] key="answer-1" lang="en" answer="B2-1-1"
# **Answer B2-1-1**
#
# (Write here. Double-click this cell to edit it.)
# %% [markdown] key="check-1" lang="ja"
# 書けたら**保存して**から、次のセルを実行してください。答えは教えてくれませんが、まだ触れていないことを質問してくれます。文章に点はつけません。
# %% [markdown] key="check-1" lang="en"
# When you have written something, **save**, then run the next cell. It does not tell the answer; it asks about what you have not touched yet. It gives no marks for prose.
# %% key="check-1-code"
tatamilab.check("B2-1-1")


# %% [markdown] key="task-2" lang="ja"
# ## 課題 B2-1-2　BPNN（前回の B1-2）との比較
#
# 学習データを 600 枚に減らして CNN を学習させ、性能を確認してください。BPNN と比べて、どうでしょうか。その差は、なぜ起きたと考えられますか。
#
# ここでは公平に比べるために、**同じ 600 枚・同じ回数**で両方を学習させます。
#
# - この課題の CNN は、全結合層が `Dense(128)` です。初めの CNN の `Dense(20)` とは違うことに注意してください。
# - 600 枚のうち最後の 60 枚は検証用なので、学習に使うのは 540 枚です。1 エポックは 540 ÷ 128 を切り上げて 5 ステップ。50 エポックでも 250 回しか重みは動きません。
# - 検証用は 60 枚しかないので、1 枚の正誤で検証の正解率が 1/60 = 1.7 ポイント跳びます。曲線のギザギザは、そのせいです。
# %% [markdown] key="task-2" lang="en"
# ## Task B2-1-2: The CNN and the BPNN of B1-2
#
# Reduce the training data to 600 images, train the CNN, and look at its score. How does the BPNN do? And where might the difference come from?
#
# To be fair, both learn from **the same 600 images for the same time**.
#
# - The CNN of this task has a `Dense(128)`; the first one had `Dense(20)`.
# - The last 60 of the 600 images validate, so 540 are learned from: 540 ÷ 128, rounded up, 5 steps an epoch. Even 50 epochs move the weights only 250 times.
# - With 60 validation images a single one moves the validation accuracy by 1/60 = 1.7 points. That is why the curve is jagged.
# %% key="2-1"
# [2-1]
def small_cnn(filters=32):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(filters, kernel_size=(5, 5), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


# ja: 前回の B1-2 のネットワーク（784–32–10）。画像を 1 列に並べるところから始まる
# en: the network of B1-2 (784–32–10); it begins by unrolling the image
def bpnn():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


# ja: 学習前にも評価するのは、[1-7] と手順をそろえるため（手順が違うと、同じ種でも値が変わる）
# en: evaluated before training, too, as in [1-7]: with other steps the same seed gives other numbers
def trained(make_model, X, y, seed=SEED, epochs=50, batch_size=128, lr=0.001):
    keras.utils.set_random_seed(seed)
    model = make_model()
    model_setup(model, lr=lr)
    model.evaluate(X_test, y_test, verbose=0)
    log = model.fit(X, y, batch_size=batch_size, epochs=epochs, validation_split=0.1, verbose=0)
    return model, log


# ja: 一つの実験：学習させて、結果をレポートのために書き留める
# en: one experiment: train, and write the result down for the report
def experiment(label, make_model, X, y, draw=None, seed=SEED, batch_size=128, **options):
    model, log = trained(make_model, X, y, seed=seed, batch_size=batch_size, **options)
    tatamilab.keep(
        label,
        model,
        log,
        X_test,
        y_test,
        task="B2-1-2",
        seed=seed,
        data_size=len(X),
        draw=draw,
        batch_size=batch_size,
    )
    return model, log


# %% [markdown] key="task-2-first" lang="ja"
# ### 先頭の 600 枚
#
# まず全員が同じ、先頭の 600 枚を使います。隣の人と、同じ土俵で比べられます。
# %% [markdown] key="task-2-first" lang="en"
# ### The first 600
#
# First everyone takes the same 600 images, the first ones, so that you can compare with your neighbour.
# %% key="2-2"
# [2-2]
(X_600, y_600), _ = get_data_mnist(data_size=600)
cnn_600, log_cnn = experiment("CNN, 600", small_cnn, X_600, y_600)
bpnn_600, log_bpnn = experiment("BPNN, 600", bpnn, X_600, y_600)
plot_result(log_cnn, "CNN")
plot_result(log_bpnn, "BPNN")
# %% [markdown] key="task-2-own" lang="ja"
# ### あなただけの 600 枚
#
# 次に、学生証番号から決まる**あなただけの 600 枚**で、同じことをします。先頭の 600 枚での勝ち負けは、たまたまでしょうか。クラス全員の結果を集めると、その答えが出ます。
# %% [markdown] key="task-2-own" lang="en"
# ### Your own 600
#
# Now the same with **600 images of your own**, drawn by your student ID. Was the outcome on the first 600 a matter of luck? All results of the class together will tell.
# %% key="2-3"
# [2-3]
draw = draw_of(student_id)
(X_own, y_own), _ = get_data_mnist(data_size=600, draw=draw)
cnn_own, log_cnn_own = experiment("CNN, own 600", small_cnn, X_own, y_own, draw=draw)
bpnn_own, log_bpnn_own = experiment("BPNN, own 600", bpnn, X_own, y_own, draw=draw)
# %% [markdown] key="task-2-write" lang="ja"
# 数字が出そろいました。書く前に考えてみてください。
#
# 1. 差は何ポイントですか。先頭の 600 枚と、あなたの 600 枚とで、差は同じ向きですか。
# 2. 検証の 60 枚での順位と、テストの 10,000 枚での順位は、一致しますか。どちらを信じますか。
# 3. 差の理由を、**一つのしくみ**として書いてください。「CNN のほうが優れているから」は理由ではありません。
# 4. その理由が正しいなら、どんな実験をすれば CNN の優位が**消える**はずですか。
# %% [markdown] key="task-2-write" lang="en"
# You have your numbers. Before you write:
#
# 1. How many points is the difference? Does it have the same sign on the first 600 and on your own?
# 2. Do the 60 validation images rank the two as the 10,000 test images do? Which do you believe?
# 3. Give the reason as **a mechanism**. "Because the CNN is better" is no reason.
# 4. If your reason is right, which experiment should make the advantage **vanish**?
# %% [markdown] key="answer-2" lang="ja" answer="B2-1-2"
# **解答 B2-1-2**
#
# （ここに書いてください。）
# %% [markdown] key="answer-2" lang="en" answer="B2-1-2"
# **Answer B2-1-2**
#
# (Write here.)
# %% key="check-2-code"
tatamilab.check("B2-1-2")


# %% [markdown] key="free" lang="ja"
# ## 自由な実験
#
# ここから先は、あなたの実験室です。セルはいくつ増やしてもかまいません。フィルタを 1 枚にしたら？ 学習率を 10 倍にしたら？ 画像を 100 枚にしたら？ ここに書いたコードと結果は、レポートに載ります。
#
# 変えるのは**一度に一つだけ**にしましょう。二つ変えると、どちらが効いたのかわからなくなります。
# %% [markdown] key="free" lang="en"
# ## Experiments of your own
#
# From here on it is your laboratory; add as many cells as you like. One filter only? Ten times the learning rate? A hundred images? The code and results of these cells go into your report.
#
# Change **one thing at a time**. If you change two, you will not know which of them did it.
# %% key="free-code" free="true"
# ja: 例: フィルタを 4 枚に減らす
# en: for example: only 4 filters
few, log_few = experiment("CNN, 4 filters", lambda: small_cnn(filters=4), X_600, y_600)
# %% [markdown] key="deeper" lang="ja"
# ## もっと深く
#
# 学習が数秒で終わるからこそ、見て確かめられることがあります。どの問いも、**図を見なければ答えられません**。
# %% [markdown] key="deeper" lang="en"
# ## Going deeper
#
# Because training takes seconds, you can afford to look. None of these questions can be answered **without looking**.
# %% [markdown] key="deeper-1" lang="ja"
# ### 1　一つの数は、どこから来るか
#
# 特徴マップの数を一つ選ぶと、その数のもとになった 25 個の掛け算が全部出ます（紙や GitHub で読んでいる人には、一例の図が見えます）。
#
# **問い**　ReLU の前の和が**負**になる場所を探してください。その場所の下に、画像のどんな部分がありますか。そこから先へは、何が伝わりますか。
# %% [markdown] key="deeper-1" lang="en"
# ### 1. Where does one number come from?
#
# Point at any number of a feature map, and you see the 25 products behind it (on paper, or on GitHub, one example).
#
# **Question.** Find a place where the sum before the ReLU is **negative**. What part of the image lies under it? What is passed on from there?
# %% key="deeper-1-code"
from tatamilab.instruments import describe_pixel, plot_pixel
from tatamilab.widgets import PixelArithmetic

show(PixelArithmetic(model), describe_pixel(model, X_test[0]), still=plot_pixel(model, X_test[0]))
# %% [markdown] key="deeper-2" lang="ja"
# ### 2　同じ目盛で見たフィルタ
#
# 今度は 32 枚すべてを、一つの目盛で描きます。灰色が 0 です。左から、学習前、学習後、その差です。
#
# **問い**　[1-11] では立派に見えたのに、ここではほとんど動いていないフィルタはどれですか。なぜ動かなかったのでしょう。そのフィルタの特徴マップを、3 の図で探してみてください。
# %% [markdown] key="deeper-2" lang="en"
# ### 2. The filters on one scale
#
# Now all 32 on a single scale; grey is 0. From left to right: before training, after it, the difference.
#
# **Question.** Which filter looked splendid in [1-11] and has hardly moved here? Why did it not move? Look for its map in the figure of number 3.
# %% key="deeper-2-code"
from tatamilab.instruments import describe_filters, plot_filters

show(plot_filters(model, before=initial_weights[0]), describe_filters(model, before=initial_weights[0]))
# %% [markdown] key="deeper-3" lang="ja"
# ### 3　画像が通る道
#
# 1 枚の画像から各層が作るものを、入口から出口まで並べます。上の段ほど入口に近い層です。
#
# **問い**　24×24 の特徴マップのうち、数字の**右側の縁**にだけ答えているものを一つ見つけてください。プーリングのあと、その情報は失われましたか。
# %% [markdown] key="deeper-3" lang="en"
# ### 3. The way of one image
#
# What each layer makes of one image, from entrance to exit.
#
# **Question.** Among the 24×24 maps find one that answers only on the **right-hand edges** of the digit. Is that lost behind the pooling?
# %% key="deeper-3-code"
from tatamilab.instruments import describe_activation_maps, plot_activation_maps

show(plot_activation_maps(model, X_test[0]), describe_activation_maps(model, X_test[0]))
# %% [markdown] key="deeper-4" lang="ja"
# ### 4　フィルタの変化は、どこにあるか
#
# 重みの変化は、フィルタが見た 5×5 の小片（パッチ）の重みつきの和です。だから変化は、**パッチがよく変動する方向**に集まるはずです。左の 6 つの絵が、その方向（主成分）です。右の図の薄い灰色の線は、「好みのない重み」ならどうなるかです。
#
# **問い**　「変化」の線は、薄い灰色の線のどれだけ上にありますか。「学習前のフィルタ」（破線）はどうですか。あなたの B2-1-1 の説明と合いますか。
# %% [markdown] key="deeper-4" lang="en"
# ### 4. Where does the change of the filters lie?
#
# The change of a filter is a weighted sum of the 5×5 patches that it saw. So it should gather in the **directions in which patches vary most**: the six pictures on the left, their principal components. The pale line is what weights without any preference would give.
#
# **Question.** How far above the pale line is the change? And the filters before training (dashed)? Does it fit your answer to B2-1-1?
# %% key="deeper-4-code"
from tatamilab.analysis import patch_components
from tatamilab.instruments import describe_where_change_lies, plot_where_change_lies

patches = patch_components(X_train[:2000], (5, 5))
before, after = initial_weights[0], model.get_weights()[0]
show(plot_where_change_lies(before, after, patches), describe_where_change_lies(before, after, patches))
# %% [markdown] key="deeper-5" lang="ja"
# ### 5　フィルタは、どれだけ役に立っているか
#
# 畳み込みのフィルタを乱数のまま**凍らせて**、後ろの層だけを学習させます。
#
# **問い**　実行する前に、正解率を予想してください。図は、乱数のフィルタが作る特徴マップです。数字の線や縁に答えているものはありますか。B2-1-1 の説明を書き直したくなりましたか。「きれいな模様がある」ことと「成績に効いている」ことは、同じでしょうか。
# %% [markdown] key="deeper-5" lang="en"
# ### 5. How much do the filters matter?
#
# We **freeze** the filters at their random start, and train only what lies behind them.
#
# **Question.** Before you run it, guess the accuracy. The figure shows the maps that the random filters make: do any of them answer to strokes or edges? Would you like to rewrite your B2-1-1? Are "there is a striking pattern" and "it helps the score" the same thing?
# %% key="deeper-5-code"
keras.utils.set_random_seed(SEED)
frozen = keras.models.clone_model(model)
frozen.layers[0].trainable = False
model_setup(frozen)
frozen.fit(X_train, y_train, batch_size=128, epochs=epochs, validation_split=0.1, verbose=0)
frozen_accuracy = frozen.evaluate(X_test, y_test, verbose=0)[1]
print(f"フィルタも学習 {accuracy_train:.4f}　フィルタは乱数のまま {frozen_accuracy:.4f}")  # ja
print(f"filters learned {accuracy_train:.4f}   filters left random {frozen_accuracy:.4f}")  # en
show(plot_activation_maps(frozen, X_test[0]), describe_activation_maps(frozen, X_test[0]))
# %% [markdown] key="deeper-6" lang="ja"
# ### 6　画素の場所をかき混ぜる
#
# 784 個の画素の場所を、すべての画像で**同じように**入れ替えます。人間にはもう読めません。
#
# **問い**　CNN と BPNN の成績は、それぞれどうなると思いますか。図の一番上は、かき混ぜた「7」です。下の特徴マップに、線や縁に答えているものは残っていますか。成績が片方だけ大きく変わったとしたら、それは B2-1-2 の「差の理由」について何を教えてくれますか。
# %% [markdown] key="deeper-6" lang="en"
# ### 6. Pixels moved
#
# Move the 784 pixels to other places, **in the same way in all images**. No human can read them any more.
#
# **Question.** What will happen to the CNN's score, and to the BPNN's? At the top of the figure is a 7 with its pixels moved: do any maps below it still answer to strokes or edges? If only one score changes much, what does that say about the reason that you gave in B2-1-2?
# %% key="deeper-6-code"
places = np.random.default_rng(SEED).permutation(784)


def moved(X):
    return X.reshape(len(X), 784)[:, places].reshape(X.shape)


def score(network, X):
    return network.evaluate(X, y_test, verbose=0)[1]


mixed_cnn, _log = trained(small_cnn, moved(X_600), y_600)
mixed_bpnn, _log = trained(bpnn, moved(X_600), y_600)
for label, as_is, mixed in (("CNN ", cnn_600, mixed_cnn), ("BPNN", bpnn_600, mixed_bpnn)):
    before, after = score(as_is, X_test), score(mixed, moved(X_test))
    print(f"{label}　元のまま {before:.4f}　かき混ぜた {after:.4f}")  # ja
    print(f"{label}   as it is {before:.4f}   moved {after:.4f}")  # en
seven = moved(X_test[:1])[0]
show(plot_activation_maps(mixed_cnn, seven), describe_activation_maps(mixed_cnn, seven))
# %% [markdown] key="deeper-7" lang="ja"
# ### 7　60 枚で何が言えるか
#
# 正解率には幅があります。別の画像で測っていたら、違う値になったはずだからです。95 % の区間を計算して、並べて描きます。
#
# **問い**　検証の 60 枚での二つの区間は、重なっていますか。テストの 10,000 枚ではどうですか。検証の成績だけで「CNN の勝ち」と書いてよいでしょうか。
# %% [markdown] key="deeper-7" lang="en"
# ### 7. What can 60 images tell?
#
# An accuracy has a width: other images would have given another value. Here are the 95% intervals, side by side.
#
# **Question.** Do the two intervals overlap on the 60 validation images? On the 10,000 test images? May one write "the CNN wins" from the validation score alone?
# %% key="deeper-7-code"
from tatamilab.analysis import wilson_interval

rows = [
    ("BPNN, 10,000", score(bpnn_600, X_test), 10_000),
    ("CNN, 10,000", score(cnn_600, X_test), 10_000),
    ("BPNN, 60", log_bpnn.history["val_accuracy"][-1], 60),
    ("CNN, 60", log_cnn.history["val_accuracy"][-1], 60),
]
said = []
fig, ax = plt.subplots(figsize=(8, 2.2), layout="constrained")
for place, (label, accuracy, n) in enumerate(rows):
    interval = wilson_interval(round(accuracy * n), n)
    ax.plot([interval.low, interval.high], [place, place], color="tab:blue", linewidth=3)
    ax.plot(accuracy, place, "o", color="black")
    said.append(f"{label}: {accuracy:.4f} ({interval.low:.4f} – {interval.high:.4f})")
ax.set_yticks(range(len(rows)), [label for label, _accuracy, _n in rows])
ax.set_xlabel("Accuracy, 95% interval")
ax.margins(y=0.15)
plt.close(fig)
print("\n".join(said))
show(fig, "\n".join(said))
# %% [markdown] key="deeper-8" lang="ja"
# ### 8　自分の字を読ませる
#
# マウスか指で数字を書いてください。書いている途中から、確率と特徴マップが動きます（紙や GitHub で読んでいる人には、テスト画像の「2」の図が見えます）。
#
# **問い**　「7」に横棒を入れたり、端に寄せて書いたりしてみてください。「MNIST と同じ前処理」の切り替えを外すと、何が起きますか。ネットワークは、線のどこを頼りに答えていますか。
# %% [markdown] key="deeper-8" lang="en"
# ### 8. Your own handwriting
#
# Draw a digit with the mouse or a finger. Probabilities and maps move while you draw (on paper, or on GitHub, you see those of a 2 among the test images).
#
# **Question.** Give your 7 a bar; write near the edge. What happens when you switch off "prepared as MNIST's digits"? On which part of the stroke does the answer rest?
# %% key="deeper-8-code"
from tatamilab.widgets import DigitPad

show(
    DigitPad(model), describe_activation_maps(model, X_test[1]), still=plot_activation_maps(model, X_test[1])
)
# %% [markdown] key="deeper-9" lang="ja"
# ### 9　1 回の結果から、答えへ
#
# あなたの結果は、1 人が 1 回（か 2 回）学習させたものです。そこで、無作為に選んだ 10 通りの 600 枚で、両方を学習させます。図の 1 本の線が、1 通りの 600 枚です。左端が BPNN、右端が CNN。破線は、全員が使った「先頭の 600 枚」です。
#
# **問い**　線の傾きは、どれも同じ向きですか。「先頭の 600 枚」は、10 通りの中でどのあたりにいますか。
#
# 端末で `tatami study b2-1-2` と打つと、20 通りの標本から区間と判定を出します。
# %% [markdown] key="deeper-9" lang="en"
# ### 9. From one outcome to an answer
#
# Yours is the outcome of one person training once or twice. So we train both on ten random samples of 600 images. Each line of the figure is one sample, from the BPNN on the left to the CNN on the right; the dashed one is "the first 600", which everyone takes.
#
# **Question.** Do all lines lean the same way? Where among the ten do "the first 600" stand?
#
# In a terminal, `tatami study b2-1-2` makes intervals and a verdict of twenty samples.
# %% key="deeper-9-code"
from tatamilab.analysis.study_effects import mean_over_draws
from tatamilab.instruments.study_pairs import plot_pairs

pairs = []
for number in range(10):
    chosen = np.random.default_rng(number).permutation(len(X_train))[:600]
    both = [trained(make_model, X_train[chosen], y_train[chosen]) for make_model in (small_cnn, bpnn)]
    pairs.append([score(network, X_test) for network, _log in both])
of_cnn, of_bpnn = np.transpose(pairs)
mean = mean_over_draws(of_cnn - of_bpnn)
said = f"CNN − BPNN: {mean.mean:+.4f} ({mean.low:+.4f} – {mean.high:+.4f}), n = {mean.n}"
first = (score(cnn_600, X_test), score(bpnn_600, X_test))
print(said)
show(plot_pairs(of_cnn, of_bpnn, ("CNN", "BPNN"), first), said)
# %% [markdown] key="deeper-10" lang="ja"
# ### 10　枚数が変わると、差はどうなるか
#
# スライダーを動かすたびに、その枚数で両方を学習し直します。標本も種も変えられます（紙や GitHub で読んでいる人には、4 通りの枚数での図が見えます）。
#
# **問い**　枚数を増やすと、二つの差はどうなりますか。減らすと？　あなたの「差の理由」は、それを説明できますか。
# %% [markdown] key="deeper-10" lang="en"
# ### 10. What do more images do to the difference?
#
# At every touch of the slider both are trained anew, on as many images as it says; sample and seed can be changed as well (on paper, or on GitHub, you see four numbers of images).
#
# **Question.** What becomes of the difference with more images? And with fewer? Can your reason explain it?
# %% key="deeper-10-code"
from tatamilab.widgets import SampleSlider

sizes = (60, 200, 600, 2000)
said = []
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for label, make_model, marker in (("CNN", small_cnn, "o"), ("BPNN", bpnn, "s")):
    scores = [score(trained(make_model, X_train[:n], y_train[:n])[0], X_test) for n in sizes]
    ax.semilogx(sizes, scores, marker=marker, label=label)
    said.append(f"{label:>4} " + ", ".join(f"{n:,}: {one:.4f}" for n, one in zip(sizes, scores)))
ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
ax.set_xlabel("Training images")
ax.set_ylabel("Test accuracy")
ax.legend()
plt.close(fig)
print("\n".join(said))
show(SampleSlider(), "\n".join(said), still=fig)
# %% [markdown] key="hand-in" lang="ja"
# ## 提出
#
# 1. 「カーネルを再起動してすべて実行」をします。こうしておくと、コードと結果が確かに一致します。
# 2. ノートブックを**保存**します。
# 3. 端末で次のように打ちます。端末がわからなければ、新しいセルに `!tatami report b2-1.ipynb` と書いて実行しても同じです。
#
# ```
# tatami report b2-1.ipynb
# ```
#
# 印刷できる 1 つのファイル `report.html` ができます。これを提出してください。書いていない解答があれば、その名前が表示されます（それでも提出はできます）。
# %% [markdown] key="hand-in" lang="en"
# ## Handing in
#
# 1. "Restart the kernel and run all cells": then code and results certainly belong together.
# 2. **Save** the notebook.
# 3. Type this in a terminal; or, if you have none at hand, run `!tatami report b2-1.ipynb` in a new cell.
#
# ```
# tatami report b2-1.ipynb
# ```
#
# It makes one printable file, `report.html`: hand that in. Answers that are missing are listed (you can hand in all the same).
