"""Metrics: how good a network's predictions are, one file per kind; this list is the registry."""

from striate.functions.metric.accuracy import Accuracy as Accuracy
from striate.functions.metric.balanced_accuracy import BalancedAccuracy as BalancedAccuracy
from striate.functions.metric.dice import Dice as Dice
from striate.functions.metric.f1 import F1 as F1
from striate.functions.metric.iou import IoU as IoU
from striate.functions.metric.mae import MAE as MAE
from striate.functions.metric.precision import Precision as Precision
from striate.functions.metric.r2 import R2 as R2
from striate.functions.metric.recall import Recall as Recall
from striate.functions.metric.rmse import RMSE as RMSE
from striate.functions.metric.top_k import TopK as TopK
