//! Opens what a stage names: its source, its plugin's first instance, its sink's path.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use tanda_components::limits::PORTS_MAX;
use tanda_plugin_host::{CallError, Flags, Library, PluginError};
use tanda_worker::sandbox::Level;

use super::{
    Purpose, SearchPath, TypedBody, TypedPlugin, TypedPort, TypedSource, bind::Typing, find_plugin,
};
use crate::{
    connectors::{Limits, ReadError, Sink, Source, Stop, rejected_schema},
    isolation::{Handle, Recipe, Shared, StartFault, WorkerProcess, fail_point, of_segment},
    refused::in_words,
    scene::{Instances, Isolation, PluginStage, Read, Sandbox, SinkStage, SourceStage, hints},
};

/// Bytes of a source's piece when the scene does not say.
const BATCH_BYTES_DEFAULT: u64 = 8 << 20;

impl Typing<'_> {
    pub(super) fn source(
        &mut self,
        name: &str,
        stage: &SourceStage,
    ) -> Option<(TypedBody, Vec<TypedPort>)> {
        let batch_rows = stage.batch_rows.unwrap_or(self.scene.engine.batch_rows);
        let batch_bytes = stage.batch_bytes.map_or(BATCH_BYTES_DEFAULT, |size| size.0);
        let linger = stage.linger.map_or(std::time::Duration::from_secs(1), |linger| linger.0);
        let limits = Limits {
            batch_rows: batch_rows as usize,
            batch_bytes: usize::try_from(batch_bytes).unwrap_or(usize::MAX),
            linger,
            unpacked_bytes_max: usize::try_from(self.scene.engine.memory.0).unwrap_or(usize::MAX),
        };
        let place = self.scene.places.path(name);
        let stop = match Stop::new() {
            Ok(stop) => stop,
            Err(error) => {
                let message =
                    format!("stage `{name}`: cannot make an eventfd: {}", in_words(&error));
                self.fault(place, message, None);
                return None;
            }
        };
        let opened = match self.purpose {
            Purpose::Run => Source::open(&stage.read, &limits, &stop)
                .map(|source| (source.columns(), Some(source))),
            Purpose::Check => Source::peek(&stage.read, &limits).map(|found| (found, None)),
        };
        match opened {
            Ok((columns, source)) => {
                self.unseen.extend(columns.unseen);
                self.endless.extend(columns.is_endless.then(|| name.to_owned()));
                if columns.is_partial {
                    self.untyped.push(format!(
                        "{name}: other columns than those that `schema:` names; a pipe tells them \
                         only in the run"
                    ));
                }
                let ports = source_ports(&stage.read, columns.schema, columns.is_partial);
                let priority = stage.priority;
                let piece_bytes = first_piece_bytes(batch_rows, batch_bytes);
                let body = TypedSource { source, stop, priority, piece_bytes };
                Some((TypedBody::Source(body), ports))
            }
            Err(error @ ReadError::ColumnsNotKnown { .. }) => {
                let is_endless = Source::is_endless(&stage.read);
                self.endless.extend(is_endless.then(|| name.to_owned()));
                self.untyped.push(format!("{name}: {error}"));
                None
            }
            Err(error) => {
                self.fault(place, format!("stage `{name}`: {error}"), None);
                None
            }
        }
    }

    pub(super) fn plugin(
        &mut self,
        name: &str,
        stage: &PluginStage,
        input: Option<&SchemaRef>,
        is_partial: bool,
    ) -> Option<(TypedBody, Vec<TypedPort>)> {
        let mut first = self.open(name, stage)?;
        let input = input?;
        let mut ports = match first.bind(input) {
            Ok(bound) => plugin_ports(bound),
            Err(error) => {
                match missed_column(&error, input).filter(|_| is_partial) {
                    Some(text) => {
                        self.untyped.push(format!("{name}: of the columns known so far: {text}"));
                    }
                    None => self.plugin_fault(name, first.plugin(), &error),
                }
                return None;
            }
        };
        ports.iter_mut().for_each(|port| port.is_partial = is_partial && port.passes_input);
        let failure = match &stage.on_failure {
            Some(policy) => Some(self.failure(name, stage, policy, &first, input, &mut ports)?),
            None => None,
        };
        if ports.len() > PORTS_MAX {
            let place = self.scene.places.field(name, "library");
            let message = format!("plugin `{}` has {} ports", first.plugin(), ports.len());
            self.fault(place, message, Some(format!("at most {PORTS_MAX}")));
            return None;
        }
        let instances = self.instances(name, stage.instances, &first)?;
        let config = stage.config.clone();
        let timeout = stage.timeout.0;
        // Those that `Auto` may need are started when it turns out that they are needed.
        let workers = match stage.instances {
            Instances::Auto => 1,
            Instances::Count(_) => instances,
        };
        let spares = stage.spares;
        let order = stage.order;
        let plugin =
            TypedPlugin { config, instances, workers, first, timeout, spares, failure, order };
        Some((TypedBody::Plugin(plugin), ports))
    }

    pub(super) fn open(&mut self, name: &str, stage: &PluginStage) -> Option<Handle> {
        let file = self.library_file(name, &stage.library)?;
        match stage.isolation.unwrap_or(self.scene.engine.isolation) {
            Isolation::InProcess => self.open_here(name, stage, &file),
            Isolation::Process { sandbox } => self.open_isolated(name, stage, file, level(sandbox)),
        }
    }

    fn open_here(&mut self, name: &str, stage: &PluginStage, file: &Path) -> Option<Handle> {
        let library = match Library::open(file) {
            Ok(library) => library,
            Err(error) => {
                let place = self.scene.places.field(name, "library");
                self.fault(place, format!("stage `{name}`: {error}"), None);
                return None;
            }
        };
        let files = self.pins.files(&stage.read, &stage.config);
        let opened = library.open_instance(&stage.config, Arc::clone(&self.cancel), name);
        if let Err(changed) = files.check() {
            let place = self.scene.places.field(name, "library");
            self.fault(place, format!("stage `{name}`: {changed}"), None);
            return None;
        }
        match opened {
            Ok(instance) => Some(Handle::Here(Box::new(instance), files)),
            Err(error) => {
                self.plugin_fault(name, library.name(), &error);
                None
            }
        }
    }

    /// Opens the plugin in a worker: nothing of it runs in this process, not even to type the
    /// graph.
    fn open_isolated(
        &mut self,
        name: &str,
        stage: &PluginStage,
        file: PathBuf,
        level: Level,
    ) -> Option<Handle> {
        let place = self.scene.places.field(name, "library");
        let library = match self.pins.library(&file) {
            Ok(library) => library,
            Err(error) => {
                self.fault(place, format!("stage `{name}`: {error}"), None);
                return None;
            }
        };
        let read = self.readable(name, &stage.read)?;
        let recipe = Recipe {
            stage: name.to_owned(),
            library,
            config: stage.config.clone(),
            level,
            memory_limit: stage.memory_limit.map(|limit| limit.0),
            read,
            files: self.pins.files(&stage.read, &stage.config),
            start_timeout: stage.start_timeout.0,
            fail_point: fail_point(name),
        };
        let shared = match &self.shared {
            Some(shared) => Arc::clone(shared),
            None => match Shared::new(self.scene.engine.memory.0) {
                Ok(shared) => Arc::clone(self.shared.insert(shared)),
                Err(error) => {
                    let error = of_segment(&error);
                    let message = format!("stage `{name}`: cannot make shared memory: {error}");
                    self.fault(place, message, None);
                    return None;
                }
            },
        };
        match WorkerProcess::start(&recipe, &shared) {
            Ok(worker) => Some(Handle::Worker(Box::new(worker), Arc::new(recipe))),
            Err(StartFault::Refused(error)) => {
                let plugin = plugin_name(&file).unwrap_or_else(|| stage.library.clone());
                self.plugin_fault(name, &plugin, &error);
                None
            }
            Err(fault) => {
                self.fault(place, format!("stage `{name}`: {fault}"), None);
                None
            }
        }
    }

    /// The absolute paths of a stage's `read`.
    fn readable(&mut self, name: &str, read: &[String]) -> Option<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for path in read {
            match Path::new(path).canonicalize() {
                Ok(absolute) => paths.push(absolute),
                Err(error) => {
                    let place = self.scene.places.mention(name, "read", path);
                    let message = format!("stage `{name}`: {path}, which it is to read: {error}");
                    self.fault(place, message, Some("see `read` of this stage".into()));
                }
            }
        }
        (paths.len() == read.len()).then_some(paths)
    }

    fn library_file(&mut self, name: &str, library: &str) -> Option<PathBuf> {
        let place = self.scene.places.field(name, "library");
        let Some(file) = find_plugin(library, &self.search) else {
            let folders: Vec<String> =
                self.search.folders().iter().map(|folder| folder.display().to_string()).collect();
            let message = format!(
                "stage `{name}`: no plugin `{library}`: there is no lib{library}.so in {}",
                folders.join(", ")
            );
            let names = plugin_names(&self.search);
            let hint = hints::nearest(library, &names).map_or_else(
                || {
                    "`tanda plugins list` shows those that are found; see `engine.plugin_paths`"
                        .into()
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.fault(place, message, Some(hint));
            return None;
        };
        Some(file)
    }

    /// A plugin's error points into its config: at the position it gave, or at what it is about.
    pub(super) fn plugin_fault(&mut self, name: &str, plugin: &str, error: &CallError) {
        let places = &self.scene.places;
        let cause: Option<&PluginError> =
            if let CallError::Failed { error, .. } = error { Some(error) } else { None };
        let at = cause.and_then(PluginError::position);
        let place = match (at, cause.and_then(PluginError::token)) {
            (Some((line, column)), _) => places.in_config(name, line as usize, column as usize),
            (None, Some(about)) => places.about(name, about),
            (None, None) => places.field(name, "library"),
        };
        let text = cause.map_or_else(|| error.to_string(), |cause| cause.message().to_owned());
        let message = format!("stage `{name}` (plugin {plugin}): {text}");
        let hint = self.unseen.iter().find(|column| text.contains(&format!("`{column}`")));
        let hint = hint.map(|column| {
            format!(
                "no value of `{column}` was seen, so it was taken for utf8: say its type in the \
                 source, for example `schema: {{ \"{column}\": \"float64\" }}`"
            )
        });
        self.fault(place, message, hint);
    }

    fn instances(&mut self, name: &str, wanted: Instances, first: &Handle) -> Option<u16> {
        let flags = first.bound().expect("it was bound just now").layout.flags;
        let exclusive = flags.contains(Flags::EXCLUSIVE);
        match wanted {
            Instances::Auto if exclusive => Some(1),
            Instances::Auto => Some(self.scene.engine.thread_count()),
            Instances::Count(count) if exclusive && count > 1 => {
                let place = self.scene.places.field(name, "instances");
                let message = format!(
                    "stage `{name}` asks for {count} instances, but with this config its plugin \
                     keeps a state that needs one order"
                );
                self.fault(place, message, Some("leave `instances` out, or set it to 1".into()));
                None
            }
            Instances::Count(count) => Some(count),
        }
    }

    pub(super) fn sink(
        &mut self,
        name: &str,
        stage: &SinkStage,
        input: Option<&SchemaRef>,
    ) -> Option<(TypedBody, Vec<TypedPort>)> {
        let place = self.scene.places.path(name);
        let of_columns =
            || input.map_or(Ok(()), |columns| Sink::check_columns(&stage.write, columns));
        if let Err(error) = Sink::check(&stage.write).and_then(|()| of_columns()) {
            self.fault(place, format!("stage `{name}`: {error}"), None);
            return None;
        }
        Some((TypedBody::Sink(stage.clone()), Vec::new()))
    }
}

/// A guess for the first piece's size; the pieces themselves correct it.
fn first_piece_bytes(batch_rows: u32, batch_bytes: u64) -> u64 {
    batch_bytes.min(u64::from(batch_rows) * 128)
}

/// What a plugin says that misses a column which `input` has not.
fn missed_column<'a>(error: &'a CallError, input: &SchemaRef) -> Option<&'a str> {
    let CallError::Failed { error, .. } = error else { return None };
    let unknown = |name: &str| input.column_with_name(name.trim_matches('"')).is_none();
    let misses = error.token().is_some_and(unknown) && error.message().contains("column");
    misses.then(|| error.message())
}

fn source_ports(read: &Read, schema: SchemaRef, is_partial: bool) -> Vec<TypedPort> {
    let port = |name: &str, schema, is_partial| {
        let name = name.into();
        TypedPort { name, schema, passes_input: false, is_partial }
    };
    let mut ports = vec![port("main", schema, is_partial)];
    if matches!(read, Read::Csv(_) | Read::Ndjson(_)) {
        ports.push(port("rejected", rejected_schema(), false));
    }
    ports
}

pub(super) fn plugin_ports(bound: &tanda_plugin_host::Bound) -> Vec<TypedPort> {
    let ports = bound.layout.ports.iter().map(|port| TypedPort {
        name: port.name.clone(),
        schema: Arc::clone(&port.full),
        passes_input: port.full.fields().len() > port.own.len(),
        is_partial: false,
    });
    ports.collect()
}

fn plugin_names(search: &SearchPath) -> Vec<String> {
    let files = super::list_plugins(search);
    files.iter().filter_map(|file| plugin_name(file)).collect()
}

/// `validation` of `libvalidation.so`.
fn plugin_name(file: &Path) -> Option<String> {
    Some(file.file_stem()?.to_str()?.strip_prefix("lib")?.to_owned())
}

/// What the worker calls the sandbox that the scene asks for.
fn level(sandbox: Sandbox) -> Level {
    match sandbox {
        Sandbox::Off => Level::Off,
        Sandbox::Basic => Level::Basic,
        Sandbox::Strict => Level::Strict,
    }
}
