"""Three presets, built by hand in PyTorch.

Their parameters are in the order in which striate computes the layers.
"""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # PyTorch's own custom


class LeNet5(nn.Module):
    """LeNet-5 for 28 x 28 images."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 120),
            nn.Tanh(),
            nn.Linear(120, 84),
            nn.Tanh(),
            nn.Linear(84, 10),
        )

    def forward(self, x):
        """Return the net input of the softmax."""
        return self.layers(x)


class _SameConv(nn.Conv2d):
    """A 3 x 3 convolution with same padding.

    With stride 2, an even image is padded by one pixel at the bottom and at the right.
    """

    def __init__(self, before, after, stride=1):
        super().__init__(before, after, 3, stride=stride, bias=False)

    def forward(self, x):
        """Pad and convolve."""
        return super().forward(F.pad(x, (0, 1, 0, 1) if self.stride[0] == 2 else (1, 1, 1, 1)))


class _Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, before, after):
        super().__init__()
        stride = after // before
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )
        self.convolutions = nn.Sequential(
            _SameConv(before, after, stride),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            _SameConv(after, after),
            nn.BatchNorm2d(after),
        )

    def forward(self, x):
        """Add both branches."""
        return F.relu(self.convolutions(x) + self.shortcut(x))


class ResNet20(nn.Module):
    """The residual network of He et al. 2015 for CIFAR, with projection shortcuts."""

    def __init__(self):
        super().__init__()
        maps = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
        self.first = nn.Sequential(_SameConv(3, 16), nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.Sequential(*map(_Block, maps, maps[1:]))
        self.last = nn.Linear(64, 10)

    def forward(self, x):
        """Return the net input of the softmax."""
        return self.last(self.blocks(self.first(x)).mean((2, 3)))


def _pair(before, after):
    """Return two 3 x 3 convolutions with their transfer functions."""
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(after, after, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Two levels down and two levels up, with shortcuts."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.bottom = _pair(1, 16), _pair(16, 32), _pair(32, 64)
        self.enlarge2, self.up2 = nn.ConvTranspose2d(64, 32, 2, stride=2), _pair(64, 32)
        self.enlarge1, self.up1 = nn.ConvTranspose2d(32, 16, 2, stride=2), _pair(32, 16)
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        """Return the net input of the softmax at each pixel."""
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        d = self.up2(torch.cat([self.enlarge2(c), b], 1))
        return self.last(self.up1(torch.cat([self.enlarge1(d), a], 1)))


NETWORKS = {"lenet5": LeNet5, "resnet20": ResNet20, "unet-small": UNet}
