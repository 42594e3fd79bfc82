"""What kubelets change of the kernel is put back when the last of them is gone. Here with a folder for a kernel."""

import pytest

from machines.sysctls import Sysctls


class Kernel:
    def __init__(self, folder):
        self._folder = folder
        self.sysctls = Sysctls(folder / "settings", folder / "record.json")
        self._file.parent.mkdir(parents=True)
        self.panic("0")

    @property
    def _file(self):
        return self._folder / "settings" / "kernel" / "panic"

    def panic(self, value):
        self._file.write_text(value)

    def user(self, name):
        (self._folder / name).mkdir()
        return self._folder / name

    def is_as_before(self):
        return self.is_at("0") and not (self._folder / "record.json").exists()

    def is_at(self, value):
        return self._file.read_text() == value


@pytest.fixture
def kernel(tmp_path):
    return Kernel(tmp_path)


def test_it_is_put_back_when_machines_go(kernel):
    one = kernel.user("one")
    kernel.sysctls.remember(one)
    kernel.panic("10")
    kernel.sysctls.put_back(one)
    assert kernel.is_as_before()


def test_it_stays_until_the_last_machines_go_whatever_the_order(kernel):
    one, two = kernel.user("one"), kernel.user("two")
    kernel.sysctls.remember(one)
    kernel.panic("10")
    kernel.sysctls.remember(two)
    kernel.sysctls.put_back(one)
    assert not kernel.is_as_before()
    kernel.sysctls.put_back(two)
    assert kernel.is_as_before()


def test_who_was_killed_and_begins_again_is_one_user_and_what_was_there_first_is_put_back(kernel):
    one = kernel.user("one")
    kernel.sysctls.remember(one)
    kernel.panic("10")
    kernel.sysctls.remember(one)
    kernel.sysctls.put_back(one)
    assert kernel.is_as_before()


def test_who_was_killed_and_whose_folder_is_gone_is_not_waited_for(kernel):
    one, two = kernel.user("one"), kernel.user("two")
    kernel.sysctls.remember(one)
    kernel.panic("10")
    one.rmdir()
    kernel.sysctls.remember(two)
    kernel.sysctls.put_back(two)
    assert kernel.is_as_before()


def test_machines_that_never_came_up_put_nothing_back(kernel):
    kernel.panic("7")
    kernel.sysctls.put_back(kernel.user("one"))
    assert kernel.is_at("7")
