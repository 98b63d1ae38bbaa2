"""McNemar's test of two models on the same rows."""

from videoqa._checks import check_integer


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value of McNemar's test, in (0, 1].

    How likely so uneven a division of the rows that only one model has right would be, if each fell to either
    model with probability 1/2. The rows are taken as independent, which those of one video are not.

    Args:
        only_first: rows that only the first model has right.
        only_second: rows that only the second model has right.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions or
        percentages, Psychometrika 12 (1947); for two classifiers T. G. Dietterich, Approximate statistical
        tests for comparing supervised classification learning algorithms, Neural Computation 10 (1998). The
        exact form sums the binomial distribution instead of approximating it by chi-squared.

    Example:
        >>> mcnemar_p_value(1, 6)
        0.125
    """
    for name, number in (("only_first", only_first), ("only_second", only_second)):
        check_integer(name, number, minimum=0)
    total, term, tail = only_first + only_second, 1, 1
    for smaller in range(min(only_first, only_second)):
        term = term * (total - smaller) // (smaller + 1)
        tail += term
    return min(1.0, 2 * tail / 2**total)
