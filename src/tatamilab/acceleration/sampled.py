"""The mark of a callback that is content with some batches."""


class Sampled:
    """Marks a Keras callback whose batch hooks may be called for some batches only.

    They are called at most every 0.05 seconds, with the running means of the epoch so far, and for the last
    batch of each epoch. What such a hook sees of the model's weights is the state before the epoch.

    Attributes:
        looks_at_model: whether hooks between epochs look at weights, optimizer or metrics; false spares
            bringing them up to date after each epoch.
    """

    looks_at_model = True
