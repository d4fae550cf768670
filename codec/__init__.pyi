# The public names. This is their only list: `__init__.py` reads it when the first of them is used.
from codec import chunks as chunks
from codec import dask as dask
from codec import plots as plots
from codec.compressor import compress as compress
from codec.decompressor import decompress as decompress
from codec.encoder.codebooks import load_codebook as load_codebook
from codec.encoder.sizes import Swept as Swept
from codec.encoder.sizes import sweep as sweep
from codec.encoder.training import train as train
from codec.errors import ClusterError as ClusterError
from codec.errors import CodecError as CodecError
from codec.errors import FileError as FileError
from codec.errors import FormatError as FormatError
from codec.errors import ImageError as ImageError
from codec.errors import LimitError as LimitError
from codec.errors import ParameterError as ParameterError
from codec.errors import TargetError as TargetError
from codec.estimator import ColorQuantizer as ColorQuantizer
from codec.formats.files import dumps as dumps
from codec.formats.files import load as load
from codec.formats.files import loads as loads
from codec.formats.files import save as save
from codec.formats.large.stored import open as open  # noqa: A004
from codec.images.reading import read_image as read_image
from codec.indexed import IndexedImage as IndexedImage
from codec.jobs.reporting import Report as Report
from codec.jobs.reporting import report as report
from codec.metadata import Metadata as Metadata
from codec.metadata import Text as Text
from codec.plugins import register_plugins as register_plugins

__version__: str
