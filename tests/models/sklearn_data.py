"""Small data sets to train models with."""


def numbers(classes=3, features=6, seed=0, rows=120):
    """Rows of float32 features and integer classes."""
    from sklearn.datasets import make_classification

    x, y = make_classification(
        rows, features, n_informative=4, n_redundant=1, n_classes=classes, random_state=seed
    )
    return x.astype("float32"), y


def targets(count=1, features=6, seed=0):
    """Rows of float32 features and targets that are not linear in them."""
    import numpy as np

    x, _ = numbers(features=features, seed=seed)
    generator = np.random.default_rng(seed)
    y = np.tanh(x @ generator.standard_normal((features, count))) * 3 + x[:, :1] ** 2
    return x, y[:, 0] if count == 1 else y


def counts(classes=3, features=6):
    """Rows of small numbers that are not negative."""
    import numpy as np

    x, y = numbers(classes, features)
    return np.floor(np.abs(x) * 2).astype("float32"), y


def named(y):
    """Classes as strings."""
    import numpy as np

    return np.array(["red", "green", "blue", "white"])[y]


def mixed_columns():
    """A DataFrame of two numeric columns with gaps and two of strings, and classes."""
    import numpy as np
    import pandas as pd

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({
        "age": generator.normal(40, 10, 80).astype("float32"),
        "fare": generator.exponential(30, 80).astype("float32"),
        "embarked": generator.choice(["S", "C", "Q"], 80),
        "sex": generator.choice(["male", "female"], 80),
    })
    frame.loc[::7, "age"] = np.nan
    return frame, (generator.random(80) + (frame["sex"] == "male") > 0.9).astype(int)
