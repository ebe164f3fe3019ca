import pytest

from style_transfer.ui.session.made_files import MadeFiles


def make(files, name="a.png"):
    with files.new(name) as file:
        file.write_text("a picture")
    return file


def test_of_all_files_the_newest_stay(tmp_path):
    files = MadeFiles(lambda: tmp_path, most=2)
    made = [make(files) for _ in range(5)]
    assert [file.exists() for file in made] == [False, False, False, True, True]
    assert {file.name for file in made} == {"a.png"}
    assert len(list(tmp_path.iterdir())) == 2


def test_of_a_file_that_is_not_finished_nothing_stays(tmp_path):
    files = MadeFiles(lambda: tmp_path, most=2)
    kept = make(files)

    def fail():
        with files.new("b.png") as file:
            file.write_text("half a picture")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == [kept.parent]


def test_a_file_that_is_being_made_is_the_newest_when_it_is_there(tmp_path):
    files = MadeFiles(lambda: tmp_path, most=1)
    with files.new("slow.png") as slow:
        other = make(files)
        slow.write_text("a picture")
    assert (slow.exists(), other.exists()) == (True, False)
