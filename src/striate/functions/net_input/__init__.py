"""Net input functions: join ``z`` of all incoming layers and the bias to ``n``: the registry."""

from striate.functions.net_input.concatenate import Concatenate as Concatenate
from striate.functions.net_input.product import Product as Product
from striate.functions.net_input.sum import Sum as Sum
