"""What the errors that people read are made of."""


def assert_one_sentence(error: ValueError) -> None:
    """Check that the words of a refusal are one sentence, which a line can show."""
    words = str(error)
    assert len(words) < 500
    assert words.isprintable()
    assert words.endswith((".", "..."))
