"""What shell completion suggests; imported only when it is asked."""

from collections.abc import Iterable


def data_sets() -> Iterable[str]:
    """Names of the known data sets."""
    from tatamilab.data import CATALOGUE

    return CATALOGUE


def model_names() -> Iterable[str]:
    """Names of the built-in models."""
    from tatamilab.models import BUILT_IN

    return BUILT_IN


def studies() -> Iterable[str]:
    """Names of the built-in studies."""
    from tatamilab.study.built_in import BUILT_IN

    return BUILT_IN
