"""Tables of what well-known methods and functions do to objects, files and hidden state."""

from __future__ import annotations

import builtins
import re

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__annotations__", "__builtins__"}
GIVEN = frozenset({"display", "get_ipython", "exit", "quit"})
SESSION = re.compile(r"(?:_|__|___|_i{1,3}|_\d+|_i\d+|In|Out|_ih|_oh|_dh)$")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods that change their object, whatever it is.
MUTATORS = _words(
    "append extend insert remove pop clear sort reverse update add discard setdefault popitem "
    "appendleft extendleft popleft rotate intersection_update difference_update move_to_end "
    "symmetric_difference_update subtract fit partial_fit fit_transform fit_predict fit_resample "
    "fit_generator fine_tune set_params set_index_names fill itemset resize put partition setfield "
    "setflags byteswap random integers normal uniform standard_normal choice shuffle permutation "
    "poisson binomial exponential beta gamma multivariate_normal randint randn rand randrange "
    "sample_from gauss betavariate permuted bytes spawn seed setstate set_state "
    "write writelines read readline readlines seek truncate close execute executemany "
    "executescript commit rollback send throw put_nowait get_nowait task_done step zero_grad "
    "backward train load_state_dict requires_grad_ add_module register_buffer compile add_node "
    "add_edge add_nodes_from add_edges_from remove_node remove_edge learn enable disable "
    "add_trace update_layout update_traces add_subplot add_axes add_patch add_artist "
    "plot scatter bar barh hist imshow pcolormesh contour contourf fill_between errorbar axhline "
    "axvline annotate legend grid set_title set_xlabel set_ylabel set_xlim set_ylim set_xticks "
    "set_yticks set_xticklabels set_yticklabels set_xscale set_yscale set_axis_off tick_params "
    "suptitle tight_layout subplots_adjust colorbar set_size_inches hlines vlines boxplot "
    "violinplot "
    "stackplot twinx twiny feed advance increment reset register add_argument add_command "
    "fit_on_texts adapt setdefaultencoding setattr enqueue dequeue push add_layer"
)
# Those of the above that pandas and others also have as methods without effect.
READERS_OF = {
    "pandas": _words(
        "plot hist boxplot sort update_from add sample choice read compile pop_ fit bytes subtract "
        "step train legend remove"
    ),
}
# Methods whose bare call changes nothing: they show, save or return something new.
HARMLESS = _words(
    "head tail describe info show print to_csv to_parquet to_json to_excel to_pickle to_sql "
    "to_feather to_hdf to_html to_markdown to_latex to_string to_dict to_list tolist to_numpy "
    "savefig save dump plot hist boxplot mean sum min max count std var median quantile corr "
    "value_counts nunique unique isnull isna notnull notna groupby copy get keys values items "
    "index startswith endswith split strip lstrip rstrip lower upper title capitalize replace "
    "format join encode decode drop dropna fillna rename set_index reset_index sort_values "
    "sort_index merge astype assign query eval apply map applymap agg aggregate transform "
    "pivot pivot_table melt stack unstack sample nlargest nsmallest round abs cumsum diff shift "
    "rolling resample select_dtypes filter where mask predict predict_proba score summary "
    "decision_function get_params evaluate inverse_transform exists is_file is_dir mkdir unlink "
    "write_text write_bytes read_text read_bytes rmdir touch glob rglob iterdir stat result "
    "most_common elements isdigit isalpha find rfind union intersection difference issubset "
    "issuperset isdisjoint reshape ravel flatten transpose dot argsort argmax argmin any all item "
    "nonzero searchsorted cumprod prod clip conj trace size dim numel cpu numpy detach display "
    "render hex bit_length conjugate as_integer_ratio is_integer total timestamp isoformat "
    "strftime date time weekday equals duplicated drop_duplicates memory_usage isin between "
    "to_datetime get_feature_names_out get_support get_depth get_n_leaves hexdigest digest"
)
# Methods that give back (part of) their object, a view of it, or something tied to it.
SHARING = _words(
    "get setdefault pop values items keys view reshape ravel squeeze transpose swapaxes set_params "
    "fit add_subplot add_axes gca gcf twinx twiny plot hist bar scatter get_figure get_axes cursor "
    "parameters named_parameters state_dict children modules layers get_layer to_numpy __iter__ "
    "register_buffer subplots flat train eval to requires_grad_ set_index_names cuda double float "
    "buffer getbuffer iterrows itertuples iter xs stream partial_fit compile"
)
VIEWING = _words(
    "view reshape ravel squeeze transpose swapaxes to_numpy T values flat real imag keys items"
)
# Functions of numpy that give a view of their first argument, or that argument itself.
VIEWERS = _words(
    "asarray asanyarray ascontiguousarray ravel reshape squeeze transpose swapaxes moveaxis "
    "rollaxis broadcast_to frombuffer split array_split hsplit vsplit dsplit atleast_1d atleast_2d "
    "atleast_3d expand_dims flip fliplr flipud rot90 diagonal sliding_window_view as_strided"
)
# Functions that change an argument: position, and if only a bare statement counts.
ARGUMENTS = {
    "heappush": 0, "heappop": 0, "heapify": 0, "heappushpop": 0, "heapreplace": 0, "next": 0,
    "anext": 0, "setattr": 0, "delattr": 0, "insort": 0, "insort_left": 0, "insort_right": 0,
    "setitem": 0, "delitem": 0, "iadd": 0, "copyto": 0, "fill_diagonal": 0, "putmask": 0,
    "place": 0, "put_along_axis": 0, "shuffle": 0, "xavier_uniform_": 0, "xavier_normal_": 0,
    "kaiming_normal_": 0, "kaiming_uniform_": 0, "normal_": 0, "uniform_": 0, "constant_": 0,
    "zeros_": 0, "ones_": 0, "update_wrapper": 0, "shuffle_": 0, "clip_grad_norm_": 0,
    "ioperator": 0, "deque_append": 0, "at": 0, "add_self_loops_": 0, "put": 0,
}  # fmt: skip
# Methods that change what they are bound to, also where something else calls them.
BOUND = _words(
    "append extend insert add discard remove setdefault appendleft put put_nowait write writelines "
    "fit partial_fit"
)
# Methods of containers: on one of an imported module they change what every later step finds.
FILLING = _words(
    "append extend insert remove pop clear update add discard setdefault popitem appendleft"
)
# Functions that give the session itself, and what only runs code or keeps names in it.
SHELL = "get_ipython"
SHELL_RUNS = _words(
    "run_cell run_cell_async run_line_magic run_cell_magic magic ex ev system getoutput push "
    "set_next_input showtraceback user_ns user_global_ns run_code safe_execfile del_var reset"
)
# Objects of libraries that hold settings; a name for one of them stands for that very object.
SETTING_OBJECTS = frozenset(
    {
        "pandas.options", "pandas.options.display", "pandas.options.mode",
        "pandas.options.plotting", "pandas.options.io", "pandas.options.compute",
        "matplotlib.rcParams", "matplotlib.pyplot.rcParams", "os.environ", "sys.path",
        "sys.modules", "warnings.filters", "sys.meta_path", "sys.path_hooks",
        "copyreg.dispatch_table", "mimetypes.types_map",
    }
)  # fmt: skip
# What a logger does that sets nothing.
LOGS = _words("debug info warning warn error exception critical log handle")
# Attributes that are the namespace of a session.
NAMESPACES = frozenset({"user_ns", "user_global_ns"})
BARE_ONLY = frozenset({"shuffle", "put", "place"})
# Functions whose result holds on to the functions and objects it is given.
HOLDERS = _words(
    "partial partialmethod wraps lru_cache cache cached_property vectorize frompyfunc iter map "
    "filter zip reversed enumerate chain cycle islice starmap accumulate compose pipe toolz "
    "make_pipeline make_column_transformer FunctionTransformer defaultdict delayed jit njit "
    "staticmethod classmethod property attrgetter contextmanager singledispatch total_ordering "
    "asyncio_task count_from tee groupby"
)
ITERATORS = _words("iter map filter zip reversed enumerate chain cycle islice starmap tee")
CONTAINERS = _words("list dict set tuple frozenset sorted OrderedDict deque copy deepcopy Counter")
COPIERS = _words(
    "list dict set tuple frozenset sorted str int float bool bytes complex len sum min max abs "
    "round copy deepcopy DataFrame Series array asfortranarray Counter OrderedDict deque range "
    "repr format print input type id hash ord chr bin hex oct pow divmod any all Path Index "
    "concat concatenate Decimal Fraction datetime date timedelta Timestamp Timedelta"
)
IMMUTABLE = _words(
    "len str int float bool complex sum abs round repr format hash id ord chr hex bin tuple "
    "frozenset bytes isinstance callable type any all"
)
PURE_CALLS = _words("print display repr len type id help dir str int float head hasattr isinstance")
FACTORIES = _words(
    "namedtuple NamedTuple TypedDict NewType TypeVar ParamSpec make_dataclass Enum IntEnum"
)
# What a constructor makes, where that decides what may share, change or be stored.
KINDS = {
    "collections.defaultdict": "defaultdict",
    "collections.ChainMap": "",
    "copy.copy": "",
    "copy.deepcopy": "",
}
NUMPY_PARTS = ("numpy.", "cupy.", "jax.numpy.", "torch.")

UNSTORABLE = {
    "open": "an open file", "io.open": "an open file", "gzip.open": "an open file",
    "bz2.open": "an open file", "lzma.open": "an open file", "codecs.open": "an open file",
    "os.open": "", "os.popen": "a process", "os.fdopen": "an open file",
    "os.scandir": "a directory iterator",
    "csv.reader": "a reader of an open file", "csv.writer": "a writer to an open file",
    "csv.DictReader": "a reader of an open file", "csv.DictWriter": "a writer to an open file",
    "zipfile.ZipFile": "an open archive", "tarfile.open": "an open archive",
    "tarfile.TarFile": "an open archive", "shelve.open": "an open shelf", "dbm.open": "a database",
    "mmap.mmap": "mapped memory", "memoryview": "a view of memory",
    "tempfile.TemporaryFile": "an open file", "tempfile.NamedTemporaryFile": "an open file",
    "tempfile.TemporaryDirectory": "a temporary directory",
    "tempfile.SpooledTemporaryFile": "an open file",
    "sqlite3.connect": "a database connection", "sqlite3.Connection": "a database connection",
    "duckdb.connect": "a database connection", "psycopg2.connect": "a database connection",
    "psycopg.connect": "a database connection", "pymysql.connect": "a database connection",
    "MySQLdb.connect": "a database connection", "mysql.connector.connect": "a database connection",
    "pyodbc.connect": "a database connection", "cx_Oracle.connect": "a database connection",
    "oracledb.connect": "a database connection", "snowflake.connector.connect": "a connection",
    "sqlalchemy.create_engine": "a database engine", "create_engine": "a database engine",
    "sqlalchemy.orm.sessionmaker": "a session factory", "sqlalchemy.orm.Session": "a session",
    "pymongo.MongoClient": "a database client", "redis.Redis": "a database client",
    "redis.StrictRedis": "a database client", "boto3.client": "a service client",
    "boto3.resource": "a service client",
    "boto3.Session": "a session",
    "boto3.session.Session": "a session",
    "google.cloud.storage.Client": "a service client",
    "google.cloud.bigquery.Client": "a service client",
    "threading.Lock": "a lock", "threading.RLock": "a lock", "threading.Condition": "a lock",
    "threading.Event": "a lock", "threading.Semaphore": "a lock", "threading.Thread": "a thread",
    "threading.BoundedSemaphore": "a lock", "threading.Barrier": "a lock",
    "threading.Timer": "a thread",
    "threading.local": "thread-local data",
    "_thread.allocate_lock": "a lock",
    "queue.Queue": "a queue with locks", "queue.LifoQueue": "a queue with locks",
    "queue.PriorityQueue": "a queue with locks", "queue.SimpleQueue": "a queue with locks",
    "multiprocessing.Pool": "a process pool", "multiprocessing.Process": "a process",
    "multiprocessing.Queue": "a queue between processes", "multiprocessing.Lock": "a lock",
    "multiprocessing.Manager": "a manager process", "multiprocessing.Pipe": "a pipe",
    "multiprocessing.Value": "shared memory", "multiprocessing.Array": "shared memory",
    "multiprocessing.Event": "a lock", "multiprocessing.pool.ThreadPool": "a thread pool",
    "concurrent.futures.ThreadPoolExecutor": "an executor",
    "concurrent.futures.ProcessPoolExecutor": "an executor",
    "subprocess.Popen": "a process", "socket.socket": "a socket",
    "socket.create_connection": "a socket", "ssl.create_default_context": "an SSL context",
    "ssl.SSLContext": "an SSL context", "selectors.DefaultSelector": "a selector",
    "asyncio.create_task": "a task", "asyncio.ensure_future": "a task",
    "asyncio.get_event_loop": "an event loop", "asyncio.new_event_loop": "an event loop",
    "asyncio.gather": "",
    "asyncio.Future": "a future",
    "contextvars.ContextVar": "a context variable",
    "weakref.ref": "a weak reference", "weakref.WeakValueDictionary": "a weak dictionary",
    "weakref.WeakKeyDictionary": "a weak dictionary", "weakref.WeakSet": "a weak set",
    "weakref.proxy": "a weak reference",
    "urllib.request.urlopen": "an open connection", "http.client.HTTPConnection": "a connection",
    "http.client.HTTPSConnection": "a connection", "ftplib.FTP": "a connection",
    "smtplib.SMTP": "a connection", "imaplib.IMAP4_SSL": "a connection",
    "http.server.HTTPServer": "a server",
    "inspect.currentframe": "a frame",
    "sys._getframe": "a frame",
    "types.MappingProxyType": "a mapping proxy", "sys.exc_info": "a traceback",
    "ctypes.CDLL": "a library handle", "ctypes.cdll.LoadLibrary": "a library handle",
    "h5py.File": "an open file",
    "netCDF4.Dataset": "an open file",
    "tables.open_file": "an open file",
    "pandas.HDFStore": "an open file",
    "pandas.ExcelWriter": "an open file",
    "rasterio.open": "an open file",
    "fitz.open": "an open file",
    "pdfplumber.open": "an open file",
    "cv2.VideoCapture": "a video stream",
    "cv2.VideoWriter": "a video stream", "pyspark.SparkContext": "a Spark context",
    "pyspark.sql.SparkSession": "a Spark session",
    "pyspark.SparkContext.getOrCreate": "a Spark context",
    "dask.distributed.Client": "a cluster client", "distributed.Client": "a cluster client",
    "dask.distributed.LocalCluster": "a cluster", "ipyparallel.Client": "a cluster client",
    "selenium.webdriver.Chrome": "a browser", "selenium.webdriver.Firefox": "a browser",
    "paramiko.SSHClient": "a connection", "grpc.insecure_channel": "a channel",
    "aiohttp.ClientSession": "a session",
    "httpx.Client": "a client",
    "httpx.AsyncClient": "a client",
    "torch.cuda.Stream": "a GPU stream", "tensorflow.compat.v1.Session": "a session",
    "tensorflow.Session": "a session", "wandb.init": "a live run", "neptune.init_run": "a live run",
    "vaex.open": "", "kafka.KafkaProducer": "a client", "kafka.KafkaConsumer": "a client",
    "openai.OpenAI": "a client",
    "anthropic.Anthropic": "a client",
    "elasticsearch.Elasticsearch": "a client",
    "cassandra.cluster.Cluster": "a client", "neo4j.GraphDatabase.driver": "a client",
}  # fmt: skip
UNSTORABLE_LAST = frozenset(name.rpartition(".")[2] for name in UNSTORABLE)
# Methods of unstorable objects whose results are bound to them.
HANDLES = _words("cursor execute begin session connect raw_connection makefile getOrCreate submit")

SEEDS = {
    "random.seed": "random", "random.setstate": "random", "numpy.random.seed": "numpy",
    "numpy.random.set_state": "numpy",
    "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
    "torch.set_rng_state": "torch",
}  # fmt: skip
SEED_ALL = {
    "seed_everything": ("random", "numpy", "torch"),
    "tensorflow.keras.utils.set_random_seed": ("random", "numpy"),
    "keras.utils.set_random_seed": ("random", "numpy"),
    "transformers.set_seed": ("random", "numpy", "torch"),
    "accelerate.utils.set_seed": ("random", "numpy", "torch"),
}
RANDOM_DRAWS = _words(
    "random randint randrange choice choices shuffle sample uniform gauss normalvariate triangular "
    "betavariate expovariate gammavariate lognormvariate vonmisesvariate paretovariate "
    "weibullvariate getrandbits randbytes binomialvariate"
)
NUMPY_DRAWS = _words(
    "rand randn randint random random_sample ranf sample choice shuffle permutation uniform normal "
    "standard_normal beta binomial chisquare dirichlet exponential f gamma geometric gumbel "
    "hypergeometric laplace logistic lognormal logseries multinomial multivariate_normal "
    "negative_binomial noncentral_chisquare noncentral_f pareto poisson power rayleigh "
    "standard_cauchy standard_exponential standard_gamma standard_t triangular vonmises wald "
    "weibull zipf bytes random_integers"
)
TORCH_DRAWS = _words(
    "rand randn randint randperm normal bernoulli multinomial poisson rand_like randn_like "
    "randint_like random_split dropout Linear Conv1d Conv2d Conv3d ConvTranspose2d Embedding LSTM "
    "GRU RNN LSTMCell GRUCell Bilinear MultiheadAttention Transformer TransformerEncoderLayer "
    "TransformerDecoderLayer xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_ "
    "normal_ uniform_ trunc_normal_ orthogonal_ RandomSampler"
)
NUMPY_HIDDEN = _words(
    "train_test_split shuffle resample RandomForestClassifier RandomForestRegressor "
    "ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding GradientBoostingClassifier "
    "GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor "
    "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor KMeans "
    "MiniBatchKMeans BisectingKMeans SGDClassifier SGDRegressor SGDOneClassSVM Perceptron "
    "PassiveAggressiveClassifier PassiveAggressiveRegressor MLPClassifier MLPRegressor LinearSVC "
    "LinearSVR TruncatedSVD TSNE NMF MiniBatchNMF GaussianMixture BayesianGaussianMixture "
    "IsolationForest AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor "
    "RandomizedSearchCV ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RepeatedKFold "
    "RepeatedStratifiedKFold make_classification make_blobs make_regression make_moons "
    "make_circles make_friedman1 make_friedman2 make_friedman3 make_swiss_roll make_s_curve "
    "make_gaussian_quantiles make_multilabel_classification make_low_rank_matrix "
    "make_sparse_coded_signal make_spd_matrix make_sparse_spd_matrix make_biclusters "
    "permutation_importance FastICA LatentDirichletAllocation DictionaryLearning "
    "MiniBatchDictionaryLearning SparsePCA RANSACRegressor TheilSenRegressor "
    "GaussianRandomProjection SparseRandomProjection Nystroem RBFSampler SpectralClustering "
    "SpectralEmbedding SpectralBiclustering SpectralCoclustering MDS IterativeImputer "
    "BernoulliRBM QuantileTransformer DummyClassifier SMOTE RandomOverSampler "
    "RandomUnderSampler ADASYN EllipticEnvelope MinCovDet kmeans2 kmeans PCA SVC NuSVC "
    "LogisticRegression learning_curve permutation_test_score UMAP"
)
# Only with one of these keyword values do these draw.
ONLY_WITH = {
    "KFold": ("shuffle", None),
    "StratifiedKFold": ("shuffle", None),
    "GroupKFold": ("shuffle", None),
    "StratifiedGroupKFold": ("shuffle", None), "learning_curve": ("shuffle", None),
    "PCA": ("svd_solver", ("randomized", "arpack", "auto")), "SVC": ("probability", None),
    "NuSVC": ("probability", None), "LogisticRegression": ("solver", ("saga", "sag", "liblinear")),
    "DummyClassifier": ("strategy", ("stratified", "uniform")), "DataLoader": ("shuffle", None),
}  # fmt: skip
HIDDEN_ROOTS = ("sklearn.", "imblearn.", "scipy.", "umap.")

READ_FILES = _words(
    "read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf "
    "read_html read_xml read_fwf read_stata read_sas read_spss read_orc read_ipc read_ndjson "
    "scan_csv scan_parquet loadtxt genfromtxt fromfile imread open_dataset read_file read_lines "
    "read_text_file load_workbook load_dataset_file read_schema read_avro"
)
WRITE_METHODS = _words(
    "to_csv to_excel to_json to_parquet to_pickle to_feather to_hdf to_html to_xml to_stata "
    "to_orc to_markdown to_latex write_csv write_parquet write_json write_ipc write_excel "
    "savefig write_html write_image to_netcdf to_file tofile save_model"
)
# Functions with a path: dotted name → (position of the path, mode).
PATH_CALLS = {
    "numpy.load": (0, "r"), "numpy.save": (0, "w"), "numpy.savez": (0, "w"),
    "numpy.savez_compressed": (0, "w"), "numpy.savetxt": (0, "w"), "numpy.memmap": (0, "r"),
    "joblib.load": (0, "r"),
    "joblib.dump": (1, "w"),
    "torch.load": (0, "r"),
    "torch.save": (1, "w"),
    "matplotlib.pyplot.savefig": (0, "w"), "matplotlib.pyplot.imsave": (0, "w"),
    "PIL.Image.open": (0, "r"), "cv2.imwrite": (0, "w"), "cv2.imread": (0, "r"),
    "imageio.imwrite": (0, "w"), "imageio.imread": (0, "r"), "sqlite3.connect": (0, "rw"),
    "duckdb.connect": (0, "rw"), "shutil.copy": (0, "c"), "shutil.copyfile": (0, "c"),
    "shutil.copy2": (0, "c"),
    "shutil.move": (0, "c"),
    "os.rename": (0, "c"),
    "os.replace": (0, "c"),
    "os.remove": (0, "r"), "os.path.getsize": (0, "r"), "os.path.exists": (0, "r"),
    "os.path.isfile": (0, "r"), "os.unlink": (0, "r"), "os.stat": (0, "r"),
    "pyarrow.parquet.read_table": (0, "r"), "pyarrow.parquet.write_table": (1, "w"),
    "zipfile.ZipFile": (0, "m"), "tarfile.open": (0, "m"), "gzip.open": (0, "m"),
    "bz2.open": (0, "m"), "lzma.open": (0, "m"), "codecs.open": (0, "m"), "io.open": (0, "m"),
    "h5py.File": (0, "m"),
    "open": (0, "m"),
    "shelve.open": (0, "rw"),
    "keras.models.load_model": (0, "r"),
    "tensorflow.keras.models.load_model": (0, "r"), "linecache.getlines": (0, "r"),
    "fileinput.input": (0, "r"), "configparser.read": (0, "r"), "soundfile.read": (0, "r"),
    "soundfile.write": (0, "w"), "scipy.io.loadmat": (0, "r"), "scipy.io.savemat": (0, "w"),
    "scipy.io.wavfile.read": (0, "r"), "scipy.io.wavfile.write": (0, "w"),
    "pandas.ExcelWriter": (0, "w"), "pandas.ExcelFile": (0, "r"), "pandas.HDFStore": (0, "rw"),
}  # fmt: skip
# What functions add to a path that lacks it.
SUFFIXES = {"numpy.save": ".npy", "numpy.savez": ".npz", "numpy.savez_compressed": ".npz"}
PATH_METHODS = {
    "read_text": "r", "read_bytes": "r", "write_text": "w", "write_bytes": "w", "open": "m",
    "exists": "r", "is_file": "r", "stat": "r", "unlink": "r",
}  # fmt: skip
PATH_LAST = (
    READ_FILES | WRITE_METHODS | frozenset(name.rpartition(".")[2] for name in PATH_CALLS)
) | frozenset(PATH_METHODS)

SETTING_CALLS = _words(
    "set_option reset_option set_printoptions seterr set_default_dtype set_default_device "
    "set_num_threads set_default_tensor_type filterwarnings simplefilter resetwarnings chdir "
    "putenv set_theme set_style set_context set_palette set_config set_start_method rc rcdefaults "
    "use switch_backend load_dotenv basicConfig setlocale setrecursionlimit setcontext "
    "setdefaulttimeout set_matplotlib_formats set_verbosity set_verbosity_error apply "
    "register_matplotlib_converters init_notebook_mode output_notebook set_loglevel "
    "disable_max_rows "
    "enable notebook_extension extension options_display set_int_max_str_digits "
    "set_string_function set_float_precision set_tbl_rows set_tbl_cols set_random_seed set_seed "
    "captureWarnings disable_warnings umask tzset set_grad_enabled set_detect_anomaly install "
    "register_dataframe_accessor register use_deterministic_algorithms set_visible_devices "
    "set_memory_growth set_experiment set_tracking_uri set_color_codes reset_defaults "
    "setLevel addHandler register_handler set_asyncio_debug excepthook setfirstweekday "
    "field_size_limit setswitchinterval"
)
SETTING_DOTTED = {
    "seaborn.set", "pandas.set_option", "matplotlib.use", "matplotlib.rc", "os.chdir",
    "sys.path.append", "sys.path.insert", "sys.path.extend", "os.environ.update",
    "os.environ.setdefault", "os.environ.pop", "tqdm.pandas", "tqdm.auto.tqdm.pandas",
    "tqdm.notebook.tqdm.pandas", "tqdm.tqdm.pandas", "cufflinks.go_offline", "jax.config.update",
    "matplotlib.rcParams.update", "matplotlib.pyplot.rcParams.update", "gc.disable", "gc.enable",
    "logging.disable", "warnings.simplefilter", "site.addsitedir", "cufflinks.set_config_file",
    "time.tzset", "matplotlib.style.use", "matplotlib.pyplot.style.use", "nltk.download",
    "builtins.setattr", "matplotlib.rcParams.__setitem__", "mimetypes.add_type",
    "matplotlib.pyplot.ion", "matplotlib.pyplot.ioff", "sys.path.remove", "sys.path.clear",
    "sys.meta_path.insert", "codecs.register", "copyreg.pickle", "atexit.register",
}  # fmt: skip
# Names of functions of a library that say that they set something up in it.
SETTING_NAMES = re.compile(
    r"_?(?:set|use|enable|disable|patch|register|configure|activate|install)_\w+$"
)
# Those of them whose result, what was set before, is often kept.
SETTING_RESULTS = _words(
    "seterr set_printoptions setlocale umask set_option setrecursionlimit setcontext "
    "field_size_limit set_verbosity seterrcall"
)
# Contexts that put back at their end what was set inside.
CONTEXTS = _words(
    "rc_context option_context context errstate printoptions catch_warnings localcontext chdir "
    "environ patch axes_style plotting_context color_palette config_context"
)
# Functions that give the one object of the process that holds a setting.
HANDLE_MAKERS = frozenset({"getLogger", "getcontext"})
NOT_SETTINGS = ("numpy.random.", "random.")
PYPLOT_NEW = _words(
    "figure subplots subplot plot hist hist2d scatter bar barh pie imshow matshow boxplot "
    "violinplot contour contourf fill_between errorbar stem step semilogx semilogy loglog polar "
    "quiver streamplot stackplot eventplot hexbin pcolormesh pcolor spy specgram subplot_mosaic "
    "subplot2grid axes"
)
PYPLOT_ON = _words(
    "title xlabel ylabel legend xlim ylim xticks yticks axis grid savefig gca gcf suptitle text "
    "annotate tight_layout colorbar axhline axvline setp gci cla clf sca"
)
SEABORN_NEW = _words(
    "relplot scatterplot lineplot displot histplot kdeplot ecdfplot rugplot distplot catplot "
    "stripplot swarmplot boxplot violinplot boxenplot pointplot barplot countplot lmplot regplot "
    "residplot heatmap clustermap pairplot jointplot palplot FacetGrid PairGrid JointGrid"
)
FORMULAS = _words(
    "ols glm logit probit wls gls rlm mixedlm poisson dmatrix dmatrices negativebinomial "
    "quantreg from_formula OLS phreg gee mnlogit"
)
OPAQUE_CALLS = {"globals", "locals", "vars", "dir", "exec", "eval", "__import__"}
DYNAMIC = _words("query eval")

INTERESTING = (
    frozenset(name.rpartition(".")[2] for name in SEEDS)
    | frozenset(name.rpartition(".")[2] for name in SEED_ALL)
    | RANDOM_DRAWS
    | NUMPY_DRAWS
    | TORCH_DRAWS
    | NUMPY_HIDDEN
    | frozenset(ONLY_WITH)
    | PATH_LAST
    | PYPLOT_NEW
    | PYPLOT_ON
    | SEABORN_NEW
    | {"rvs", "sample"}
)
