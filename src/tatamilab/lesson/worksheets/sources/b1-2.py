# %% [markdown] key="title" lang="ja"
# # B1-2　3 層ニューラルネットワーク（BPNN）で手書き数字を読む
#
# 画像を見て「これは 7」と答えるプログラムを、規則を一つも書かずに作ります。書くのはネットワークの形だけ。あとは 60,000 枚の例から、ネットワークが自分で重みを見つけます。
#
# 今回のネットワークは、いちばん素朴な形です。画像を 784 個の数の列にほどき、32 個のユニットに通し、10 個の答えを出します。**誤差逆伝播**（back-propagation）で学習するので、BPNN と呼ばれます。次回の B2-1 では、これを CNN と比べます。
#
# **進め方**　セルを上から順に `Shift + Enter` で実行します。実行する前に「どうなると思うか」を一言書いておくと、ずっと面白くなります。
# %% [markdown] key="title" lang="en"
# # B1-2: Reading digits with a three-layer network (BPNN)
#
# We make a program that looks at an image and says "this is a 7", without writing a single rule. We only choose the form of the network; it finds its weights from 60,000 examples.
#
# Today's network is the plainest there is. It unrolls the image into a row of 784 numbers, passes them through 32 units, and gives 10 answers. It learns by **back-propagation**, hence BPNN. Next time, in B2-1, you compare it with a CNN.
#
# **How to work.** Run the cells from top to bottom with `Shift + Enter`. Before you run one, write down in a word what you expect.
# %% key="header"
# ja: あなたについて（2 人で 1 台を使うときは、読点「、」で区切って両方書いてください）
# en: about you (two of you at one machine: write both, with a comma between)
student_id = ""  # @student-id
name = ""  # @name
email = ""  # @email
# %% [markdown] key="unit" lang="ja"
# ## ユニットは何を計算するか
#
# ユニット（ニューロン）は一つ一つ、次のことだけをします。
#
# ```
# 出力 = relu( b + x₁·w₁ + x₂·w₂ + … )      relu(z) は、z が正なら z、負なら 0
# ```
#
# 入力に重みを掛けて足し、バイアスを足し、負なら 0 にする。それだけです。層は、同じ入力を見るユニットを並べたものです。最後の層だけは relu の代わりに **softmax** を使い、10 個の数を「足すと 1 になる確率」に直します。
#
# 画素 4 つの小さな画像で、手を動かしてみましょう。このユニットは「上が明るく、下が暗い」ときにだけ答えます。
# %% [markdown] key="unit" lang="en"
# ## What a unit computes
#
# Each unit (neuron) does this and nothing else:
#
# ```
# output = relu( b + x₁·w₁ + x₂·w₂ + … )      relu(z) is z if z is positive, else 0
# ```
#
# Multiply the inputs by weights, add up, add a bias, and make it 0 if it is negative. A layer is a row of units that all see the same input. Only the last layer uses **softmax** in place of relu: it turns ten numbers into probabilities that add up to 1.
#
# Try it by hand on an image of four pixels. This unit answers only where the top is bright and the bottom is dark.
# %% key="unit-code"
import numpy as np

w = np.array([1.0, 1.0, -1.0, -1.0])
b = -0.5
for pixels in ([1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]):
    z = b + np.dot(pixels, w)
    print(pixels, "→", max(z, 0.0))
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
# MNIST は 28×28 画素の手書き数字です。学習用が 60,000 枚、テスト用が 10,000 枚。画素の値 0〜255 を 255 で割って、0〜1 にします。
# %% [markdown] key="data" lang="en"
# ## The data
#
# MNIST holds handwritten digits of 28×28 pixels: 60,000 to learn from, 10,000 to be tested on. We divide the pixel values 0–255 by 255.
# %% key="1-1"
# [1-1]
(X_train, y_train), (X_test, y_test) = keras.datasets.mnist.load_data()
X_train = np.expand_dims(X_train.astype(np.float32) / 255.0, -1)
X_test = np.expand_dims(X_test.astype(np.float32) / 255.0, -1)
print(X_train.shape, X_test.shape)

_fig, axes = plt.subplots(1, 10, figsize=(10, 1.2))
for digit, ax in enumerate(axes):
    ax.imshow(X_train[y_train == digit][0, :, :, 0], cmap="gray")
    ax.axis("off")
plt.show()


# %% [markdown] key="model" lang="ja"
# ## モデル
#
# `Flatten` が画像を 784 個の数の列にほどきます。そのあとの層は、隣どうしの画素が隣どうしだったことを**知りません**。これは次回の伏線です。
#
# パラメータの数を、summary を見る前に自分で数えてみてください。784 個の入力と 32 個のユニットの間には、重みがいくつありますか。バイアスは？
# %% [markdown] key="model" lang="en"
# ## The model
#
# `Flatten` unrolls the image into a row of 784 numbers. The layers behind it do **not know** which pixels were neighbours. Keep that in mind for next time.
#
# Count the parameters before you look at the summary: how many weights are there between 784 inputs and 32 units? And how many biases?
# %% key="1-2"
# [1-2]
def bpnn(units=32):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def model_setup(model, lr=0.001):
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=lr),
        metrics=["accuracy"],
    )


keras.utils.set_random_seed(SEED)
model = bpnn()
model_setup(model)
initial_weights = model.get_weights()
model.summary()
# %% [markdown] key="untrained" lang="ja"
# ## 学習前の成績
#
# 10 種類から当てずっぽうで答えれば、正解率はどのくらいになるはずですか。
# %% [markdown] key="untrained" lang="en"
# ## The score before training
#
# What accuracy would blind guessing among ten digits give?
# %% key="1-3"
# [1-3]
loss_no_train, accuracy_no_train = model.evaluate(X_test, y_test, verbose=0)
print(f"学習前: 誤差 {loss_no_train:.4f}、正解率 {accuracy_no_train:.4f}")  # ja
print(f"before training: loss {loss_no_train:.4f}, accuracy {accuracy_no_train:.4f}")  # en
# %% [markdown] key="fit" lang="ja"
# ## 学習
#
# `validation_split=0.1` は、**最後の** 6,000 枚を検証用に取り分けます。残る 54,000 枚を 128 枚ずつに分けるので、1 エポックは 422 ステップ。重みは 1 ステップごとに、誤差が減る向きへ少しだけ動きます。
#
# このセルを 2 回実行すると、初めからではなく**続きを**学習します。初めからなら [1-2] へ戻ってください。
# %% [markdown] key="fit" lang="en"
# ## Training
#
# `validation_split=0.1` holds back the **last** 6,000 images for validation. The other 54,000, in batches of 128, make 422 steps an epoch. In each step the weights move a little in the direction in which the loss falls.
#
# Running this cell again **goes on** training; to begin afresh, go back to [1-2].
# %% key="1-4"
# [1-4]
if any(not np.array_equal(now, then) for now, then in zip(model.get_weights(), initial_weights)):
    print("注意: このモデルはすでに学習しています。続きを学習します。初めからなら [1-2] へ。")  # ja
    print("Note: this network has been trained already; this goes on. To begin afresh, go to [1-2].")  # en
log = model.fit(X_train, y_train, batch_size=128, epochs=10, validation_split=0.1, verbose=2)


# %% [markdown] key="curves" lang="ja"
# ## 学習曲線
#
# 左が正解率、右が誤差です。学習データの線は、このあとも上がり続けそうです。検証データの線はどうですか。
# %% [markdown] key="curves" lang="en"
# ## Learning curves
#
# Accuracy on the left, loss on the right. The training curve looks as if it would go on rising. And the validation curve?
# %% key="1-5"
# [1-5]
def plot_result(log):
    _fig, axes = plt.subplots(1, 2, figsize=(10, 3))
    for ax, name in zip(axes, ("accuracy", "loss")):
        epoch = np.arange(1, len(log.history[name]) + 1)
        ax.plot(epoch, log.history[name], marker="o", label="Train")
        ax.plot(epoch, log.history[f"val_{name}"], marker="s", label="Validation")
        ax.set_title(f"Model {name}")
        ax.set_xlabel("Epoch")
        ax.legend()
    plt.show()


plot_result(log)
# %% [markdown] key="evaluate" lang="ja"
# ## テストデータでの成績
#
# 最後の `keep` は、この結果をノートブックに書き留めます。レポートの表は、ここから作られます。
# %% [markdown] key="evaluate" lang="en"
# ## The score on the test images
#
# `keep` writes this result down in the notebook: the table of your report is made from it.
# %% key="1-6"
# [1-6]
loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
print(f"正解率: 学習前 {accuracy_no_train:.4f} → 学習後 {accuracy:.4f}")  # ja
print(f"accuracy: {accuracy_no_train:.4f} before, {accuracy:.4f} after training")  # en
tatamilab.keep("BPNN", model, log, X_test, y_test, seed=SEED, batch_size=128)


# %% [markdown] key="weights" lang="ja"
# ## ユニットの重みを絵にする
#
# 隠れ層のユニットは、784 個の重みを一つずつ画素に対応させているので、28×28 の絵として見られます。上が学習前、下が学習後。青が負、赤が正で、白が 0。**学習前も学習後も、すべてのユニットを同じ目盛で**描いています。
# %% [markdown] key="weights" lang="en"
# ## The weights of a unit as a picture
#
# A hidden unit has one weight for each of the 784 pixels, so its weights are a picture of 28×28: above before training, below after it. Blue is negative, red positive, white 0; **all units, before and after, are on one scale**.
# %% key="1-7"
# [1-7]
def plot_units(weights, limit):
    _fig, axes = plt.subplots(4, 8, figsize=(10, 5.4))
    for unit, ax in enumerate(axes.flat):
        ax.imshow(weights[:, unit].reshape(28, 28), cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.set_title(unit, fontsize=8)
        ax.axis("off")
    plt.show()


limit = np.abs(model.get_weights()[0]).max()
plot_units(initial_weights[0], limit)
plot_units(model.get_weights()[0], limit)
# %% [markdown] key="mistakes" lang="ja"
# ## 何を何と間違えるか
#
# 行が正解、列が予測です。対角線の枠は当たった枚数、それ以外は間違いで、色が濃いほど多い。その下の「間違いを調べる」を押してマスを選ぶと、その画像が並びます（紙や GitHub では、間違いの例が見えます）。
#
# 一番多い取り違えはどれですか。逆向きの取り違えも、同じくらい多いですか。
# %% [markdown] key="mistakes" lang="en"
# ## What is taken for what
#
# Rows are the true digits, columns the predicted ones. The frames on the diagonal count what was right; all else is wrong, and the darker the more often. Press "Look for mistakes" below, and choose a cell, to see its images (on paper, or on GitHub, you see examples).
#
# Which confusion is the most frequent? Is it as frequent the other way round?
# %% key="1-8"
# [1-8]
from tatamilab.instruments import describe_confusion_matrix, plot_confusion_matrix

probabilities = model.predict(X_test, verbose=0)
predicted = np.argmax(probabilities, axis=1)
show(plot_confusion_matrix(y_test, predicted), describe_confusion_matrix(y_test, predicted))
# %% key="1-9"
# [1-9]
from tatamilab.instruments import describe_mistakes, plot_mistakes
from tatamilab.widgets import Mistakes

gallery = plot_mistakes(X_test, y_test, predicted, probabilities)
show(Mistakes(model), describe_mistakes(y_test, predicted), still=gallery)
# %% [markdown] key="task-1" lang="ja"
# ## 課題 B1-2-1　隠れ層のユニットは何を見ているか
#
# [1-7] の絵から、気になるユニットを一つ選んでください。どんな数字に強く答え、どんな数字に答えないでしょうか。絵の縁のあたりは、どうしてそう見えるのでしょう。数字を少しずらして書いたら、そのユニットの答えはどうなりますか。
# %% [markdown] key="task-1" lang="en"
# ## Task B1-2-1: What does a hidden unit look at?
#
# Choose a unit of [1-7] that catches your eye. To which digits does it answer strongly, to which not? Why does the rim of the picture look as it does? What would become of its answer if the digit were written a little to the side?
# %% [markdown] key="answer-1" lang="ja" answer="B1-2-1"
# **解答 B1-2-1**
#
# （ここに書いてください。このセルをダブルクリックすると編集できます。）
# %% [markdown] key="answer-1" lang="en" answer="B1-2-1"
# **Answer B1-2-1**
#
# (Write here. Double-click this cell to edit it.)
# %% key="check-1-code"
tatamilab.check("B1-2-1")


# %% [markdown] key="task-2" lang="ja"
# ## 課題 B1-2-2　画像は何枚必要か
#
# 学習に使う画像を、先頭の 600 枚、6,000 枚、60,000 枚と変えて、テストの正解率を比べてください。学習データの正解率も見て、その差が何を意味するかを書いてください。
#
# 一つ注意。画像を減らすと、1 エポックのステップ数も減ります。差は「画像が少ないから」でしょうか、「更新が少ないから」でしょうか。どう実験すれば区別できますか。
# %% [markdown] key="task-2" lang="en"
# ## Task B1-2-2: How many images does the network need?
#
# Train on the first 600, 6,000 and 60,000 images, and compare the test accuracies. Look at the training accuracy too, and say what the gap means.
#
# Mind one thing. With fewer images an epoch has fewer steps. Is it the images that are too few, or the updates? Which experiment would tell?
# %% key="2-1"
# [2-1]
# ja: 学習前にも評価するのは、手順を [1-3]、[1-4] とそろえるため（手順が同じなら、同じ種から同じ値が出る）
# en: evaluated before training, too, to take the same steps as [1-3] and [1-4]: then the same seed gives the same numbers
def experiment(label, n, epochs=10, units=32):
    keras.utils.set_random_seed(SEED)
    model = bpnn(units)
    model_setup(model)
    model.evaluate(X_test, y_test, verbose=0)
    log = model.fit(X_train[:n], y_train[:n], batch_size=128, epochs=epochs, validation_split=0.1, verbose=0)
    print(f"{label}：学習データの正解率 {log.history['accuracy'][-1]:.2%}")  # ja
    print(f"{label}: training accuracy {log.history['accuracy'][-1]:.2%}")  # en
    tatamilab.keep(label, model, log, X_test, y_test, task="B1-2-2", seed=SEED, data_size=n, batch_size=128)
    return model


for n in (600, 6000, 60000):
    experiment(f"{n}", n)
# %% [markdown] key="answer-2" lang="ja" answer="B1-2-2"
# **解答 B1-2-2**
#
# （ここに書いてください。）
# %% [markdown] key="answer-2" lang="en" answer="B1-2-2"
# **Answer B1-2-2**
#
# (Write here.)
# %% key="check-2-code"
tatamilab.check("B1-2-2")
# %% [markdown] key="free" lang="ja"
# ## 自由な実験
#
# セルは好きなだけ増やしてください。ここのコードと結果は、レポートに載ります。変えるのは一度に一つだけにしましょう。
# %% [markdown] key="free" lang="en"
# ## Experiments of your own
#
# Add as many cells as you like; their code and results go into your report. Change one thing at a time.
# %% key="free-code" free="true"
# ja: 例: ユニットを 4 個に減らす
# en: for example: only 4 units
few = experiment("4 units", 6000, units=4)


# %% [markdown] key="deeper" lang="ja"
# ## もっと深く
#
# どの問いも、**図を見なければ答えられません**。
#
# ### 1　ずらしたら読めるか
#
# テスト画像を右へ 1 画素ずつずらして、正解率を測ります。端からはみ出す画素はほとんどなく、数字の形は変わっていません。その下の欄では、自分で数字を書いて試せます（紙や GitHub では、テスト画像の「2」の図が見えます）。
#
# **問い**　何画素で半分を割りますか。あなたには、どこまで読めますか。手書きの欄で「MNIST と同じ前処理」を外し、真ん中に書いた数字と端に書いた数字を比べてください。ネットワークは「形」を覚えたのでしょうか、「場所」を覚えたのでしょうか。
# %% [markdown] key="deeper" lang="en"
# ## Going deeper
#
# None of these questions can be answered **without looking**.
#
# ### 1. Can it read a digit that has moved?
#
# We move the test images to the right, pixel by pixel, and measure the accuracy. Hardly a pixel leaves the image; the shape of the digits has not changed. On the pad below you can draw a digit yourself (on paper, or on GitHub, you see a 2 of the test images).
#
# **Question.** After how many pixels is it below one half? Up to where can you read it? Switch off "prepared as MNIST's digits" on the pad, and compare a digit in the middle with one at the edge. Has the network learned shapes, or places?
# %% key="deeper-1-code"
def moved_right(X, pixels):
    return np.pad(X, ((0, 0), (0, 0), (pixels, 0), (0, 0)))[:, :, :28]


fig, axes = plt.subplots(1, 6, figsize=(10, 2), layout="constrained")
said = []
for pixels, ax in enumerate(axes):
    shifted = moved_right(X_test, pixels)
    said.append(f"{pixels}: {model.evaluate(shifted, y_test, verbose=0)[1]:.2%}")
    ax.imshow(shifted[0, :, :, 0], cmap="gray")
    ax.set_title(said[-1])
    ax.axis("off")
plt.close(fig)
print("   ".join(said))
show(fig, "   ".join(said))
# %% key="deeper-1-pad"
from tatamilab.instruments import describe_activation_maps, plot_activation_maps
from tatamilab.widgets import DigitPad

show(
    DigitPad(model), describe_activation_maps(model, X_test[1]), still=plot_activation_maps(model, X_test[1])
)
# %% [markdown] key="deeper-2" lang="ja"
# ### 2　隠れ層は要るのか
#
# 隠れ層を外すと、784 個の入力から 10 個の答えへ直接つながります。重みの絵は、数字ごとに 1 枚になります。
#
# **問い**　正解率はどれだけ下がりましたか。「3」の絵は 3 に見えますか。見えないとしたら、何を描いた絵なのでしょう。
# %% [markdown] key="deeper-2" lang="en"
# ### 2. Is a hidden layer needed?
#
# Without it, 784 inputs lead straight to 10 answers, and there is one picture of weights for each digit.
#
# **Question.** How much accuracy is lost? Does the picture of "3" look like a 3? If not, what is it a picture of?
# %% key="deeper-2-code"
keras.utils.set_random_seed(SEED)
straight = keras.Sequential(
    [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")]
)
model_setup(straight)
straight.fit(X_train, y_train, batch_size=128, epochs=10, validation_split=0.1, verbose=0)
without = straight.evaluate(X_test, y_test, verbose=0)[1]
print(f"正解率: 隠れ層あり {accuracy:.4f}、なし {without:.4f}")  # ja
print(f"accuracy: with the hidden layer {accuracy:.4f}, without {without:.4f}")  # en

weights = straight.get_weights()[0]
limit = np.abs(weights).max()
_fig, axes = plt.subplots(1, 10, figsize=(10, 1.4))
for digit, ax in enumerate(axes):
    ax.imshow(weights[:, digit].reshape(28, 28), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_title(digit, fontsize=9)
    ax.axis("off")
plt.show()
# %% [markdown] key="deeper-3" lang="ja"
# ### 3　自信は当てになるか
#
# softmax の一番大きい確率は、ネットワークの「自信」です。自信のあるときほど、本当に正しいでしょうか。
#
# **問い**　自信 90 % 以上で間違えた画像は何枚ありますか。その間違いは、人間にも紛らわしいものですか。
# %% [markdown] key="deeper-3" lang="en"
# ### 3. Can its confidence be trusted?
#
# The largest probability of the softmax is the network's confidence. Is it right more often when it is sure?
#
# **Question.** How many images are wrong at a confidence of 90% or more? Would they mislead a human, too?
# %% key="deeper-3-code"
confidence = probabilities.max(axis=1)
right = probabilities.argmax(axis=1) == y_test
for low, high in ((0.0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 1.01)):
    here = (confidence >= low) & (confidence < high)
    n, share = here.sum(), right[here].mean()
    print(f"自信 {low:.2f}–{min(high, 1):.2f}：{n:5d} 枚、正解率 {share:.2%}")  # ja
    print(f"confidence {low:.2f}–{min(high, 1):.2f}: {n:5d} images, {share:.2%} right")  # en
sure = confidence >= 0.9
show(
    plot_mistakes(X_test[sure], y_test[sure], predicted[sure], probabilities[sure]),
    describe_mistakes(y_test[sure], predicted[sure]),
)
# %% [markdown] key="hand-in" lang="ja"
# ## 提出
#
# 1. 「カーネルを再起動してすべて実行」をします。こうしておくと、コードと結果が確かに一致します。
# 2. ノートブックを**保存**します。
# 3. 端末で次のように打ちます。端末がわからなければ、新しいセルに `!tatami report b1-2.ipynb` と書いて実行しても同じです。
#
# ```
# tatami report b1-2.ipynb
# ```
#
# 印刷できる 1 つのファイル `report.html` ができます。これを提出してください。書いていない解答があれば、その名前が表示されます（それでも提出はできます）。
# %% [markdown] key="hand-in" lang="en"
# ## Handing in
#
# 1. "Restart the kernel and run all cells": then code and results certainly belong together.
# 2. **Save** the notebook.
# 3. Type this in a terminal; or, if you have none at hand, run `!tatami report b1-2.ipynb` in a new cell.
#
# ```
# tatami report b1-2.ipynb
# ```
#
# It makes one printable file, `report.html`: hand that in. Answers that are missing are listed (you can hand in all the same).
