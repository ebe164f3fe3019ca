"""What was changed of a picture at rest."""

from style_transfer.settings import Settings
from style_transfer.ui.session.rest import Rest


def test_what_is_changed_again_is_named_once():
    rest = Rest(Settings(), wakes=True)
    for words in ("brushwork", "another style", "brushwork"):
        rest.change(words=words)
    assert rest.words == "brushwork, another style"
