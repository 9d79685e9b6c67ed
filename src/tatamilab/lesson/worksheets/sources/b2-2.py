# %% [markdown] key="title" lang="ja"
# # B2-2　CNN を深く、強くする
#
# B2-1 の CNN は畳み込みが 1 層でした。今回は 2 層、3 層と重ね、さらに**ドロップアウト**・**バッチ正規化**・**データ拡張**という三つの工夫を一つずつ試します。最後に、色のついた画像を扱います。
#
# 工夫の効き目は、データがたくさんあると見えにくくなります。そこで今回は、わざと画像を 2,000 枚に減らして、**過学習**が起きやすい状況で比べます。
#
# **進め方**　この回の合言葉は「一度に一つだけ変える」です。予想を書いてから実行してください。
# %% [markdown] key="title" lang="en"
# # B2-2: A CNN made deeper and stronger
#
# The CNN of B2-1 had one convolution. Today you stack two and three, and try **dropout**, **batch normalisation** and **augmentation**, one at a time. At the end you meet colour.
#
# With plenty of data these hardly show. So we take only 2,000 images on purpose, where **overfitting** comes easily.
#
# **How to work.** The motto of this lesson: change one thing at a time. Write down what you expect before you run a cell.
# %% key="header"
# ja: あなたについて（2 人で 1 台を使うときは、読点「、」で区切って両方書いてください）
# en: about you (two of you at one machine: write both, with a comma between)
student_id = ""  # @student-id
name = ""  # @name
email = ""  # @email
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
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

import tatamilab
from tatamilab.i18n import set_language
from tatamilab.lesson import show

# ja: 図とメッセージの言語
# en: the language of figures and messages
set_language("ja")  # ja
set_language("en")  # en
SEED = 0
# %% [markdown] key="data" lang="ja"
# ## データ
#
# いつもの MNIST ですが、学習に使うのは先頭の 2,000 枚だけです。そのうち最後の 200 枚は検証用なので、重みを動かすのは 1,800 枚。テストは 10,000 枚のままです。
# %% [markdown] key="data" lang="en"
# ## The data
#
# MNIST as before, but only its first 2,000 training images. The last 200 of them validate, so 1,800 move the weights. The test images are all 10,000.
# %% key="1-1"
# [1-1]
N = 2000
(X_train, y_train), (X_test, y_test) = keras.datasets.mnist.load_data()
X_train = np.expand_dims(X_train.astype(np.float32) / 255.0, -1)[:N]
X_test = np.expand_dims(X_test.astype(np.float32) / 255.0, -1)
y_train = y_train[:N]
print(X_train.shape, X_test.shape)


# %% [markdown] key="depth" lang="ja"
# ## 畳み込みを重ねる
#
# 2 層目の畳み込みが見るのは画像ではなく、1 層目が作った**特徴マップ**です。1 層目が「線」に答えるなら、2 層目は「線の組み合わせ」に答えられます。
#
# もう一つ、大事な言葉を。ある数が画像の何画素を見ているかを**受容野**と呼びます。3×3 の畳み込みを 1 回なら 3×3 画素。間に 2×2 のプーリングをはさんで、もう一度 3×3 の畳み込みをすると、何画素になるでしょうか。紙に描いて数えてみてください（答え合わせは「もっと深く」の 1 でできます）。
#
# `padding="same"` は、画像の縁の外に 0 を補って、出力を入力と同じ大きさに保ちます。重ねるたびに小さくなるのを防ぐためです。
# %% [markdown] key="depth" lang="en"
# ## Stacking convolutions
#
# A second convolution does not see the image; it sees the **feature maps** of the first. If the first answers to strokes, the second can answer to combinations of strokes.
#
# A word to know: how much of the image one number sees is its **receptive field**. After one 3×3 convolution it is 3×3 pixels. With a 2×2 pooling and another 3×3 convolution behind it, how many? Draw it on paper and count ("Going deeper", number 1, lets you check).
#
# `padding="same"` puts zeros around the image so that the output is as large as the input; otherwise every layer would shrink it.
# %% key="1-2"
# [1-2]
def cnn(depth, dropout=0.0, normalise=False, channels=1):
    model = keras.Sequential([keras.Input((28, 28, channels))])
    for level in range(depth):
        model.add(layers.Conv2D(16 * 2**level, 3, padding="same", use_bias=not normalise))
        if normalise:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    if dropout:
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% [markdown] key="depth-train" lang="ja"
# どの実験も、同じやり方で学習させます。`split` は、最後から検証に取り分ける割合です。
# %% [markdown] key="depth-train" lang="en"
# All experiments train in the same way. `split` is the share that is held back from the end, to validate.
# %% key="1-2-train"
def train(label, model, X=X_train, y=y_train, epochs=20, split=0.1, seed=SEED, task="", keep=True):
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        metrics=["accuracy"],
    )
    log = model.fit(X, y, batch_size=64, epochs=epochs, validation_split=split, verbose=0)
    if keep:
        tatamilab.keep(
            label,
            model,
            log,
            X_test,
            y_test,
            task=task,
            seed=seed,
            data_size=len(X),
            batch_size=64,
            validation_split=split,
        )
    return log


def plot_gap(logs):
    _fig, axes = plt.subplots(1, len(logs), figsize=(3.4 * len(logs), 2.8), sharey=True, squeeze=False)
    for ax, (label, log) in zip(axes.flat, logs.items()):
        epoch = np.arange(1, len(log.history["loss"]) + 1)
        ax.plot(epoch, log.history["accuracy"], marker="o", markersize=3, label="Train")
        ax.plot(epoch, log.history["val_accuracy"], marker="s", markersize=3, label="Validation")
        ax.set_title(label, fontsize=10)
        ax.set_xlabel("Epoch")
    axes[0, 0].set_ylabel("Accuracy")
    axes[0, 0].legend()
    plt.show()


# %% [markdown] key="depth-run" lang="ja"
# ### 1 層・2 層・3 層
#
# **予想**　どれが一番よいでしょうか。重みが一番多いのはどれでしょうか。二つの答えは同じですか。
# %% [markdown] key="depth-run" lang="en"
# ### One, two, three
#
# **Guess.** Which will be best? Which has the most weights? Are these the same one?
# %% key="1-3"
# [1-3]
logs, networks = {}, {}
for depth in (1, 2, 3):
    keras.utils.set_random_seed(SEED)
    networks[depth] = cnn(depth)
    logs[f"depth {depth}"] = train(f"depth {depth}", networks[depth], task="B2-2-1")
    print(f"畳み込み {depth} 層：パラメータ {networks[depth].count_params():,} 個")  # ja
    print(f"{depth} convolutions: {networks[depth].count_params():,} parameters")  # en
plot_gap(logs)
# %% [markdown] key="depth-shape" lang="ja"
# 3 層のネットワークを絵で見てみましょう。どの層に重みが集まっていますか。
# %% [markdown] key="depth-shape" lang="en"
# The network with three convolutions as a picture. In which layer are most of the weights?
# %% key="1-4"
# [1-4]
from tatamilab.instruments import describe_network, plot_network

show(plot_network(networks[3]), describe_network(networks[3]))
# %% [markdown] key="task-1" lang="ja"
# ## 課題 B2-2-1　深くすると良くなるか
#
# 1 層・2 層・3 層の結果を比べて、深さの効き目について書いてください。順位は、別の種でも同じでしょうか。少なくとももう一つの種で確かめてから書いてください。新しいセルに、たとえばこう書きます。
#
# ```
# for depth in (1, 2, 3):
#     keras.utils.set_random_seed(1)
#     train(f"depth {depth}, seed 1", cnn(depth), task="B2-2-1", seed=1)
# ```
# %% [markdown] key="task-1" lang="en"
# ## Task B2-2-1: Does depth help?
#
# Compare one, two and three convolutions, and write what depth does. Is their order the same with another seed? Try at least one more before you write. In a new cell, for example:
#
# ```
# for depth in (1, 2, 3):
#     keras.utils.set_random_seed(1)
#     train(f"depth {depth}, seed 1", cnn(depth), task="B2-2-1", seed=1)
# ```
# %% [markdown] key="answer-1" lang="ja" answer="B2-2-1"
# **解答 B2-2-1**
#
# （ここに書いてください。このセルをダブルクリックすると編集できます。）
# %% [markdown] key="answer-1" lang="en" answer="B2-2-1"
# **Answer B2-2-1**
#
# (Write here. Double-click this cell to edit it.)
# %% key="check-1-code"
tatamilab.check("B2-2-1")
# %% [markdown] key="dropout" lang="ja"
# ## ドロップアウト
#
# 学習のステップごとに、ユニットの一部をくじ引きで選んで 0 にします。残ったユニットは、その分だけ大きくします。誰がいつ休むかわからないので、特定の相棒に頼りきった覚え方ができなくなります。
#
# **予測のときには、誰も休みません。** だから、学習中に表示される学習データの正解率は、実力より低く出ます。曲線を読むときに思い出してください。
# %% [markdown] key="dropout" lang="en"
# ## Dropout
#
# In every training step some units are chosen by lot and set to 0; the others are made larger to make up for it. As nobody knows who will be absent, nobody can rely on one particular partner.
#
# **When predicting, nobody is absent.** So the training accuracy that you see during training is lower than the network's real one. Remember it when you read the curves.
# %% key="2-1"
# [2-1]
keras.utils.set_random_seed(SEED)
with_dropout = cnn(2, dropout=0.5)
log_dropout = train("dropout", with_dropout, task="B2-2-2")
shown = log_dropout.history["accuracy"][-1]
predicted = with_dropout.evaluate(X_train[:1800], y_train[:1800], verbose=0)[1]
print(f"学習データの正解率　学習中の表示 {shown:.4f}　予測として測ると {predicted:.4f}")  # ja
print(f"training accuracy: shown in training {shown:.4f}, measured by predicting {predicted:.4f}")  # en
# %% [markdown] key="normalisation" lang="ja"
# ## バッチ正規化
#
# 特徴マップを、チャネルごとに「バッチの中で平均 0・分散 1」にそろえ、そのあとで学習できる倍率とずれを掛けたり足したりします。
#
# 予測のときには、バッチの平均の代わりに、学習中にためておいた**移動平均**を使います。だから学習の初めのうちは、検証の成績がひどく悪いことがあります。移動平均がまだ追いついていないのです。
#
# 直前の畳み込みにはバイアスがありません（`use_bias=False`）。なぜ要らないのか、わかりますか。
# %% [markdown] key="normalisation" lang="en"
# ## Batch normalisation
#
# Each channel of the maps is brought to mean 0 and variance 1 within the batch; then it is scaled and shifted by two numbers that are learned.
#
# When predicting, **moving averages** collected during training take the place of the batch's. That is why validation can look terrible in the first epochs: the averages have not caught up.
#
# The convolution before it has no bias (`use_bias=False`). Can you see why it needs none?
# %% key="2-2"
# [2-2]
keras.utils.set_random_seed(SEED)
log_normalised = train("batch normalisation", cnn(2, normalise=True), task="B2-2-2")


# %% [markdown] key="augmentation" lang="ja"
# ## データ拡張
#
# 画像を上下左右に 2 画素までずらしても、数字の意味は変わりません。ならば、ずらした画像も学習に使えます。データが増えたのと同じことです。
#
# どんな変え方でもよいわけではありません。**ラベルが変わらない**変え方だけです。左右を反転した「2」は、もう 2 ではありません。「6」を 180° 回したら？
#
# 検証に使う画像をずらして混ぜてはいけません。ここでは学習の 1,800 枚だけを 4 倍に増やし、検証の 200 枚はそのまま最後に置きます（Keras は検証データを**最後から**取ります）。
# %% [markdown] key="augmentation" lang="en"
# ## Augmentation
#
# Moving an image by up to two pixels does not change which digit it is. So moved images can be learned from as well: as if there were more data.
#
# Not every change will do, only one that **keeps the label**. A mirrored 2 is no 2 any more. And a 6 turned by 180°?
#
# Moved copies must not get into the validation images. Here only the 1,800 training images are multiplied by four; the 200 validation images stay as they are, at the end, from where Keras **takes** them.
# %% key="2-3"
# [2-3]
def moved(X, rng, most=2):
    around = np.pad(X, ((0, 0), (most, most), (most, most), (0, 0)))
    corners = rng.integers(0, 2 * most + 1, (len(X), 2))
    return np.stack([image[top : top + 28, left : left + 28] for image, (top, left) in zip(around, corners)])


rng = np.random.default_rng(SEED)
n_validation = len(X_train) // 10
X_learned, y_learned = X_train[:-n_validation], y_train[:-n_validation]
copies = [X_learned, *(moved(X_learned, rng) for _copy in range(3))]
X_more = np.concatenate([*copies, X_train[-n_validation:]])
y_more = np.concatenate([np.tile(y_learned, len(copies)), y_train[-n_validation:]])

keras.utils.set_random_seed(SEED)
augmented = cnn(2)
split = n_validation / len(X_more)
log_augmented = train("augmentation", augmented, X_more, y_more, split=split, task="B2-2-2")

_fig, axes = plt.subplots(1, 4, figsize=(6, 1.7))
for copy, ax in zip(copies, axes):
    ax.imshow(copy[0, :, :, 0], cmap="gray")
    ax.axis("off")
plt.show()
# %% key="2-4"
# [2-4]
plot_gap(
    {
        "as it is": logs["depth 2"],
        "dropout": log_dropout,
        "batch normalisation": log_normalised,
        "augmentation": log_augmented,
    }
)
# %% [markdown] key="task-2" lang="ja"
# ## 課題 B2-2-2　過学習を抑えるものは何か
#
# 三つの工夫を比べてください。テストの正解率だけでなく、**学習データと検証データの差**も見てください。それぞれ、何をすることで過学習を抑えている（または抑えていない）のでしょうか。
#
# 公平さにも目を向けましょう。データ拡張では、1 エポックのステップ数が 4 倍になっています。
# %% [markdown] key="task-2" lang="en"
# ## Task B2-2-2: What holds overfitting back?
#
# Compare the three. Look at the **gap between training and validation**, not only at the test accuracy. By doing what does each of them hold overfitting back, or not?
#
# Mind fairness, too: with augmentation an epoch has four times as many steps.
# %% [markdown] key="answer-2" lang="ja" answer="B2-2-2"
# **解答 B2-2-2**
#
# （ここに書いてください。）
# %% [markdown] key="answer-2" lang="en" answer="B2-2-2"
# **Answer B2-2-2**
#
# (Write here.)
# %% key="check-2-code"
tatamilab.check("B2-2-2")
# %% [markdown] key="colour" lang="ja"
# ## 色
#
# カラー画像には赤・緑・青の 3 チャネルがあります。フィルタも 3×3×**3** の形になり、3 チャネル分の積をすべて足して一つの数にします。
#
# ここでは MNIST に色を塗ります。ただし**わな**を仕掛けます。学習データでは数字ごとに色を決め（0 は赤、1 は橙、…）、テストデータでは色をでたらめにします。
#
# **予想**　学習データでの正解率は？　色をでたらめにしたテストでは？
# %% [markdown] key="colour" lang="en"
# ## Colour
#
# A colour image has three channels, red, green and blue. A filter is then 3×3×**3**, and the products of all three channels are added into one number.
#
# We paint MNIST, with a **trap**: in the training data each digit has its own colour; in the test data colours are random.
#
# **Guess.** What will the accuracy be on the training data? And on the test with random colours?
# %% key="3-1"
# [3-1]
palette = plt.get_cmap("hsv")(np.arange(10) / 10)[:, :3].astype(np.float32)


def painted(X, colours):
    return X * palette[colours][:, None, None, :]


X_trap = painted(X_train, y_train)
X_random = painted(X_test, np.random.default_rng(SEED).integers(0, 10, len(X_test)))
X_same = painted(X_test, y_test)

_fig, axes = plt.subplots(2, 10, figsize=(10, 2.4))
for digit in range(10):
    axes[0, digit].imshow(X_trap[y_train == digit][0])
    axes[1, digit].imshow(X_random[y_test == digit][0])
for ax in axes.flat:
    ax.axis("off")
plt.show()

keras.utils.set_random_seed(SEED)
in_colour = cnn(2, channels=3)
train("colour", in_colour, X_trap, y_train, epochs=10, keep=False)
same = in_colour.evaluate(X_same, y_test, verbose=0)[1]
random_colours = in_colour.evaluate(X_random, y_test, verbose=0)[1]
print(f"学習と同じ塗り方のテスト {same:.4f}　でたらめな色のテスト {random_colours:.4f}")  # ja
print(f"test painted like the training data {same:.4f}, test in random colours {random_colours:.4f}")  # en
# %% [markdown] key="colour-after" lang="ja"
# 正解率の高さは、正しい理由で当てていることの証拠にはなりません。ネットワークは「楽な手がかり」があれば、それを使います。
#
# 最初の層のフィルタを見てください。1 枚のフィルタの重みを、チャネルごとに（0 が赤、1 が緑、2 が青）描いています。
#
# **問い**　同じ番号のフィルタを三つのチャネルで比べてください。形だけに答えるフィルタなら、三つの模様はそっくりなはずです。色に答えるフィルタなら、どう違うはずですか。実際はどちらでしょう。
#
# %% [markdown] key="colour-after" lang="en"
# A high accuracy is no proof that the answers are right for the right reason. If there is an easy clue, the network takes it.
#
# Look at the filters of the first layer. The weights of each are drawn channel by channel (0 is red, 1 green, 2 blue).
#
# **Question.** Compare the filter of one number in the three channels. If it answered to form alone, its three patterns would be alike. How would they differ if it answered to colour? Which is it?
# %% key="3-2"
# [3-2]
from tatamilab.instruments import describe_filters, plot_filters

show(plot_filters(in_colour), describe_filters(in_colour))
# %% [markdown] key="cifar" lang="ja"
# 本物のカラー写真で試したい人は、端末で `tatami data fetch cifar10` を実行しておけば、`tatami run --data cifar10` が使えます（ネットワークが必要です）。
# %% [markdown] key="cifar" lang="en"
# For real colour photographs, `tatami data fetch cifar10` in a terminal, and then `tatami run --data cifar10` (this needs a network).
# %% [markdown] key="free" lang="ja"
# ## 自由な実験
#
# セルは好きなだけ増やしてください。ここのコードと結果は、レポートに載ります。
# %% [markdown] key="free" lang="en"
# ## Experiments of your own
#
# Add as many cells as you like; their code and results go into your report.
# %% key="free-code" free="true"
# ja: 例: ドロップアウトとバッチ正規化を両方使う
# en: for example: dropout and batch normalisation together
keras.utils.set_random_seed(SEED)
log_both = train("both", cnn(2, dropout=0.5, normalise=True))
# %% [markdown] key="deeper" lang="ja"
# ## もっと深く
#
# どの問いも、**図を見なければ答えられません**。
#
# ### 1　受容野を測る
#
# 784 個の画素を一つずつ明るくして、2 層目の畳み込みの中央の数がどれだけ変わるかを調べ、その画素の場所に描きます。
#
# **問い**　この数は、画像の何画素四方を見ていますか。紙で数えた答えと合いましたか。見ている画素は、どれも同じくらい効いていますか。
# %% [markdown] key="deeper" lang="en"
# ## Going deeper
#
# None of these questions can be answered **without looking**.
#
# ### 1. Measure the receptive field
#
# We make each of the 784 pixels a little brighter, one at a time, see how much the numbers in the middle of the second convolution change, and draw it at the place of the pixel.
#
# **Question.** How many pixels wide and high is what these numbers see? Does it agree with what you counted on paper? Do all of those pixels matter alike?
# %% key="deeper-1-code"
second = [layer for layer in networks[2].layers if isinstance(layer, layers.Conv2D)][1]
until_second = keras.Model(networks[2].inputs, second.output)
base = np.full((1, 28, 28, 1), 0.5, np.float32)
lit = base + 0.5 * np.eye(784, dtype=np.float32).reshape(784, 28, 28, 1)
middle = until_second.predict(base, verbose=0)[0, 7, 7]
change = np.abs(until_second.predict(lit, verbose=0)[:, 7, 7] - middle).max(axis=1).reshape(28, 28)
rows, columns = np.nonzero(change > 1e-4)
said = f"{np.ptp(rows) + 1} × {np.ptp(columns) + 1}"

fig, ax = plt.subplots(figsize=(4, 4))
ax.imshow(change, cmap="gray_r")
ax.set_xticks(range(0, 28, 4))
ax.set_yticks(range(0, 28, 4))
ax.grid(alpha=0.4)
plt.close(fig)
print(said)
show(fig, said)
# %% [markdown] key="deeper-2" lang="ja"
# ### 2　層ごとの特徴マップ
#
# **問い**　3 層のネットワークで、奥の層ほどマップはどう変わりますか。奥の層のマップを見て、元の数字が何かわかりますか。
# %% [markdown] key="deeper-2" lang="en"
# ### 2. The maps of every layer
#
# **Question.** How do the maps change from layer to layer? Can you tell the digit from the deepest ones?
# %% key="deeper-2-code"
from tatamilab.instruments import describe_activation_maps, plot_activation_maps

show(plot_activation_maps(networks[3], X_test[0]), describe_activation_maps(networks[3], X_test[0]))
# %% [markdown] key="deeper-3" lang="ja"
# ### 3　一つの数の中身
#
# 2 層目の畳み込みの数を一つ選ぶと、何個の掛け算が出てきますか。1 層目のときと比べてください。
#
# **問い**　2 層目の 1 枚のフィルタは、1 層目のいくつのマップを見ていますか。
# %% [markdown] key="deeper-3" lang="en"
# ### 3. Inside one number
#
# Choose a number of the second convolution. How many products are behind it? Compare with the first.
#
# **Question.** How many maps of the first layer does one filter of the second see?
# %% key="deeper-3-code"
from tatamilab.instruments import describe_pixel, plot_pixel
from tatamilab.widgets import PixelArithmetic

show(
    PixelArithmetic(networks[2]),
    describe_pixel(networks[2], X_test[0], 1),
    still=plot_pixel(networks[2], X_test[0], 1),
)
# %% [markdown] key="deeper-4" lang="ja"
# ### 4　ずらしに強くなったか
#
# B1-2 の「もっと深く」と同じように、テスト画像を右へずらします。三つのネットワークで比べます。その下の欄では、データ拡張で学習したネットワークに、自分の字を読ませられます（紙や GitHub では、テスト画像の「2」の図が見えます）。
#
# **問い**　データ拡張は 2 画素までのずらしでした。3 画素、4 画素ではどうですか。畳み込みはどこでも同じフィルタを使うのに、ずらしに弱いのはなぜでしょう。
# %% [markdown] key="deeper-4" lang="en"
# ### 4. Has it become robust to shifts?
#
# As in "Going deeper" of B1-2, we move the test images to the right, for three networks. On the pad below, the network with augmentation reads what you draw (on paper, or on GitHub, you see a 2 of the test images).
#
# **Question.** Augmentation moved images by up to two pixels. What happens at three and four? A convolution uses the same filter everywhere; why does a shift hurt it at all?
# %% key="deeper-4-code"
shifts = range(6)
said = []
fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
compared = {"as it is": networks[2], "dropout": with_dropout, "augmentation": augmented}
for (label, network), marker in zip(compared.items(), "os^"):
    images = [np.pad(X_test, ((0, 0), (0, 0), (shift, 0), (0, 0)))[:, :, :28] for shift in shifts]
    scores = [network.evaluate(one, y_test, verbose=0)[1] for one in images]
    ax.plot(shifts, scores, marker=marker, label=label)
    said.append(f"{label:>12} " + " ".join(f"{score:.3f}" for score in scores))
ax.set_xlabel("Pixels to the right")
ax.set_ylabel("Test accuracy")
ax.legend()
plt.close(fig)
print("\n".join(said))
show(fig, "\n".join(said))
# %% key="deeper-4-pad"
from tatamilab.widgets import DigitPad

two = X_test[1]
show(
    DigitPad(augmented), describe_activation_maps(augmented, two), still=plot_activation_maps(augmented, two)
)
# %% [markdown] key="hand-in" lang="ja"
# ## 提出
#
# 1. 「カーネルを再起動してすべて実行」をします。こうしておくと、コードと結果が確かに一致します。
# 2. ノートブックを**保存**します。
# 3. 端末で次のように打ちます。端末がわからなければ、新しいセルに `!tatami report b2-2.ipynb` と書いて実行しても同じです。
#
# ```
# tatami report b2-2.ipynb
# ```
#
# 印刷できる 1 つのファイル `report.html` ができます。これを提出してください。書いていない解答があれば、その名前が表示されます（それでも提出はできます）。
# %% [markdown] key="hand-in" lang="en"
# ## Handing in
#
# 1. "Restart the kernel and run all cells": then code and results certainly belong together.
# 2. **Save** the notebook.
# 3. Type this in a terminal; or, if you have none at hand, run `!tatami report b2-2.ipynb` in a new cell.
#
# ```
# tatami report b2-2.ipynb
# ```
#
# It makes one printable file, `report.html`: hand that in. Answers that are missing are listed (you can hand in all the same).
