import pandas as pd
import pytest

from videoqa.data.splits import split_by_group

THREE = {"train": 0.8, "validation": 0.1, "test": 0.1}


def groups(num_groups, rows_each=3):
    return pd.Series([f"g{number}" for number in range(num_groups) for _ in range(rows_each)])


def sizes(series, fractions=THREE, seed=0):
    split = split_by_group(series, fractions, seed)
    return series.groupby(split).nunique().to_dict()


def test_groups_are_whole_and_proportions_exact():
    series = groups(200)
    split = split_by_group(series, THREE, seed=5)
    assert (split.groupby(series).nunique() == 1).all()
    assert sizes(series, seed=5) == {"train": 160, "validation": 20, "test": 20}


def test_row_order_and_row_counts_do_not_matter():
    series = groups(50)
    split = split_by_group(series, THREE, seed=1)
    shuffled = series.sample(frac=1, random_state=0)
    assert split_by_group(shuffled, THREE, seed=1).sort_index().equals(split)
    single = split_by_group(groups(50, rows_each=1), THREE, seed=1)
    assert single.tolist() == split.iloc[::3].tolist()


def test_the_seed_decides():
    series = groups(50)
    assert not split_by_group(series, THREE, seed=1).equals(split_by_group(series, THREE, seed=2))


@pytest.mark.parametrize(
    "num_groups, expected",
    [
        (1, {"train": 1}),
        (2, {"train": 2}),
        (3, {"train": 1, "validation": 1, "test": 1}),
        (4, {"train": 2, "validation": 1, "test": 1}),
        (9, {"train": 7, "validation": 1, "test": 1}),
        (11, {"train": 9, "validation": 1, "test": 1}),
    ],
)
def test_few_groups(num_groups, expected):
    assert sizes(groups(num_groups)) == expected


def test_a_fraction_of_zero_gets_nothing():
    assert sizes(groups(4), {"train": 1, "test": 0}) == {"train": 4}


@pytest.mark.parametrize(
    "fractions, message",
    [
        ({"train": 0.8, "test": 0.1}, "`fractions` must add up to 1"),
        ({"train": 1.5, "test": -0.5}, "`fraction of train` must be a number from 0 to 1"),
    ],
)
def test_bad_fractions_are_refused(fractions, message):
    with pytest.raises(ValueError, match=message):
        split_by_group(groups(3), fractions)
