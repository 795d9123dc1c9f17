"""The command `striate data`."""

import json

from striate.data import NAMES, open_dataset


def test_list_has_every_name_with_what_is_known(striate, monkeypatch, tmp_path):
    """Without a name, every known data set is listed with its authors and its location."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("STRIATE_DATA", raising=False)

    result = striate("data", "--json")

    sets = {entry["name"]: entry for entry in json.loads(result.stdout)["data"]}
    assert tuple(sets) == NAMES
    assert sets["digits"]["here"]
    assert not sets["mnist"]["here"]
    assert "12 MB will be downloaded to " in sets["mnist"]["where"]
    assert "Creative Commons" in sets["mnist"]["notice"]


def test_listed_numbers_are_those_of_the_data(striate):
    """The listed numbers of images match the data in the package."""
    result = striate("data", "--json")

    for entry in json.loads(result.stdout)["data"][:2]:
        data = open_dataset(entry["name"])
        assert entry["training_images"] == len(data.x)
        assert entry["test_images"] == len(data.x_test)
        assert entry["images"].startswith(f"{data.x.shape[1]} x {data.x.shape[2]} gray")
        assert entry["classes"] == len(data.classes)


def test_found_files_are_named(striate, monkeypatch, shared_data):
    """Data in the folder that STRIATE_DATA names is listed with that folder."""
    monkeypatch.setenv("STRIATE_DATA", str(shared_data))

    result = striate("data")

    assert f"found in {shared_data / 'mnist'}\n" in result.stdout


def test_description_has_counts_range_and_samples(striate):
    """With a name, the images of each class are counted, and one of each is drawn."""
    result = striate("data", "digits")

    assert "digits: 5,000 training images, 1,000 test images\n" in result.stdout
    assert "uint8, 0 to 255\n" in result.stdout
    assert "\n0           500   100\n" in result.stdout
    assert "@" in result.stdout
    assert result.stdout.endswith("To train a network on it: striate train digits\n")


def test_description_as_json(striate, picture_folder):
    """`--json` describes a folder of pictures in one object."""
    result = striate("data", picture_folder, "--json")

    found = json.loads(result.stdout)
    assert found["classes"] == ["dark", "light"]
    assert found["image_shape"] == [12, 12, 3]


def test_missing_data_say_where_to_put_them(striate, monkeypatch, tmp_path):
    """If the data may not be downloaded, the error names the files and where to put them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("STRIATE_DATA", raising=False)

    result = striate("data", "mnist", "--no-download")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: mnist is not on this machine, and downloading is disabled. Put its files "
        "(train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, "
        f"t10k-labels-idx1-ubyte.gz) into {tmp_path}/striate/data/mnist, or set STRIATE_DATA to a "
        "folder that has them in mnist.\n"
    )
