import gradio as gr
import pytest

from style_transfer.ui.session.page_folder import PageFolder


@pytest.mark.usefixtures("uploads")
def test_a_folder_is_on_the_disk_from_the_first_use_on_and_one_of_its_own():
    folder, other = PageFolder(), PageFolder()
    (folder.make() / "picture.png").touch()
    assert [file.name for file in folder.make().iterdir()] == ["picture.png"]
    assert folder.make() != other.make()


def test_a_folder_that_nobody_asked_for_is_neither_made_nor_missed(uploads):
    folder = PageFolder()
    folder.close()
    folder.remove()
    assert not uploads.exists()


def test_of_a_folder_nothing_stays_and_nobody_has_it_again(uploads):
    folder = PageFolder()
    (folder.make() / "picture.png").touch()
    folder.close()
    assert len(list(uploads.glob("*/picture.png"))) == 1  # who writes may go on
    folder.remove()
    assert not list(uploads.iterdir())
    with pytest.raises(gr.Error, match="This page was closed"):
        folder.make()
