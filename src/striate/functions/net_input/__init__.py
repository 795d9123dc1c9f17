"""Net input functions: combine the incoming ``z`` and the bias into ``n``; this is the registry."""

from striate.functions.net_input.concatenate import Concatenate as Concatenate
from striate.functions.net_input.product import Product as Product
from striate.functions.net_input.sum import Sum as Sum
