"""Metadata on the way from format to format: what is lost."""

from codec.metadata import Text, name_texts


def text_notices(texts: tuple[Text, ...], title: str, *, holds: bool) -> tuple[str, ...]:
    """Say which texts are lost, as files of a kind hold none."""
    if not texts or holds:
        return ()
    return (f"{title} files hold no texts: {name_texts(texts)} not kept",)
