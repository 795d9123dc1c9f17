r"""
6. Training
===========

In chapter 5, you chose the weights by hand. That is hopeless for the 61,706 weights of a network
that reads handwritten digits, so now they are learned from examples. You take the first steps
yourself, then train LeNet-5, look at its mistakes, and see how training can go wrong.
"""

import striate as st

# %%
# Downhill
# --------
#
# Training minimizes the loss, averaged over examples. The derivatives say how the loss changes
# with each weight. So change each weight a little in the opposite direction, and repeat. This is
# *gradient descent*, with a *learning rate* :math:`\alpha`:
#
# .. math::
#
#    \mathbf{W} \leftarrow \mathbf{W} - \alpha \, \mathbf{dW}, \qquad
#    \mathbf{b} \leftarrow \mathbf{b} - \alpha \, \mathbf{db}
#
# The examples are 200 noisy squares and diamonds.

x, y = st.data.shapes.generate(200, noise=0.3, seed=0)
st.pictures.samples(x, y, classes=("square", "diamond"), rows=1, columns=8)

# %%
# The network of the last chapters starts with random weights. A trace contains the loss and all
# derivatives, so a step takes four lines:

layers = "conv 4@3x3 same relu | max 3 | dense 2 softmax"
net = st.Network.parse(layers, (15, 15, 1), seed=0)
for step in range(31):
    trace = net.trace(x, y)
    for name in ("conv1", "dense1"):
        net.parameters[f"{name}.weight"][:] -= 0.5 * trace[name].dW
        net.parameters[f"{name}.bias"][:] -= 0.5 * trace[name].db
    if step % 10 == 0:
        print(f"step {step:2}  loss {trace.loss:.3f}")

# %%
# That is all there is to learning. What remains is to make it fast.
#
# - The gradient of a small *batch* of images is noisy, but much cheaper than that of all images.
#   Gradient descent with random batches is called *stochastic gradient descent*, SGD. One pass
#   through all images is an *epoch*.
# - An *optimizer* such as Adam adapts the size of the step for each weight.
# - striate compiles the whole step for your processor.
#
# ``fit`` does all of this. It starts from the current weights:

history = net.fit(x, y, epochs=20, batch_size=20, learning_rate=0.01)
loss, accuracy = history["loss"][-1], history["accuracy"][-1]
print(f"loss {loss:.3f}, accuracy {accuracy:.0%}")

# %%
# Handwritten digits
# ------------------
#
# The data set *digits* comes with striate: 5,000 images for training and 1,000 for the test, from
# MNIST.

(x, y), (x_test, y_test) = st.data.load("digits")
st.pictures.samples(x, y, rows=3)

# %%
# Accuracy on the training images says little, because a network may memorize them. So hold back
# some images for *validation*, here a tenth of them. They show how well the network does on new
# images while you choose the settings. Use the test images only once, at the very end.

lenet = st.Network.preset("lenet5", seed=0)
settings = {"batch_size": 32, "learning_rate": 0.002, "validation": 0.1}
history = lenet.fit(x, y, epochs=8, **settings)
st.pictures.learning_curve(history, "accuracy")

# %%
# After a few seconds, LeNet-5 recognizes more than nine in ten new digits. But the two curves move
# apart: on the training images, it is nearly perfect. This is *overfitting*.
#
# Overfitting
# -----------
#
# With fewer images, the problem becomes obvious. Here are only 100 of them, and many epochs:

few = st.Network.preset("lenet5", seed=0)
new = (x[4000:], y[4000:])
overfitted = few.fit(x[:100], y[:100], epochs=40, batch_size=20, validation=new)
losses = overfitted["validation_loss"]
print(f"validation loss: best {min(losses):.2f}, last {losses[-1]:.2f}")
assert losses[-1] > min(losses)
st.pictures.learning_curve(overfitted, "loss")

# %%
# The loss on the training images goes to 0. On the others it soon stops falling, and then it
# *rises*: the network becomes more and more certain of predictions that are wrong.
# ``early_stopping=5`` stops five epochs after the best one, and keeps its weights.
#
# The best remedy is more data. If there isn't any, change the images that you have: a digit that
# is moved by a pixel is still the same digit. With ``augment``, each image is moved differently in
# every epoch, so the network rarely sees exactly the same one twice.

augmented = st.Network.preset("lenet5", seed=0)
better = augmented.fit(x, y, epochs=8, augment="shift 1", **settings)
for name, run in {"as it is": history, "augmented": better}.items():
    training, validation = run["accuracy"][-1], run["validation_accuracy"][-1]
    print(f"{name:10}  training {training:.1%}, validation {validation:.1%}")
assert validation > history["validation_accuracy"][-1]

# %%
# The test
# --------
#
# The validation accuracy is higher with augmentation, so this is the network to use. Now, once,
# the test images:

evaluation = augmented.evaluate(x_test, y_test)
print(f"test accuracy {evaluation.accuracy:.1%}")
st.pictures.confusion(evaluation)

# %%
# Each row of this matrix is a true class, each column a predicted one. Which digits does the
# network confuse? Here are the mistakes for which the true class got the least probability:

st.pictures.mistakes(x_test, y_test, augmented.predict(x_test))

# %%
# Some of them are hard for people, too. Others are not, so there is room for improvement. At the
# terminal, ``striate train digits`` uses more augmentation and more epochs.
#
# Exercises
# ---------
#
# 1. Change the learning rate of the steps by hand from 0.5 to 0.05, and to 5. What happens to the
#    loss?
# 2. Train LeNet-5 without its convolutions: ``dense 120 tanh | dense 84 tanh | dense 10 softmax``.
#    How do the validation accuracy and the number of parameters change?
# 3. ``striate exercise Wolter`` is a course exercise on digits, and ``striate exercise E8.10`` is
#    about squares and diamonds, designed and trained.
#
# Next: :doc:`07_look_inside`.
