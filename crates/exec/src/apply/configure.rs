//! Settings of the image that steps make: its configuration, and what is mounted when it runs.

use std::collections::BTreeMap;

use featgraph_plan::{Op, SourceType};
use serde::{Deserialize, Serialize};

/// What steps set of the image's configuration. What is absent stays as the parent has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The command that always runs.
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments, or the command where there is no entrypoint.
    pub cmd: Option<Vec<String>>,
    /// Environment variables by name.
    pub env: BTreeMap<String, String>,
    /// Labels by name.
    pub labels: BTreeMap<String, String>,
    /// The user who runs it.
    pub user: Option<String>,
    /// The working directory.
    pub working_dir: Option<String>,
    /// Ports, such as `80/tcp`.
    pub exposed_ports: Vec<String>,
    /// Directories whose contents outlive a container.
    pub volumes: Vec<String>,
    /// The signal that asks it to stop.
    pub stop_signal: Option<String>,
    /// What is mounted when the image runs, by place: the sort of its source, and the source.
    #[serde(with = "mounts")]
    pub mounts: BTreeMap<String, (SourceType, String)>,
}

impl Settings {
    /// Takes over what a `configure` step sets.
    pub fn set(&mut self, op: &Op<'_>) {
        let Op::Configure {
            entrypoint, cmd, env, labels, user, working_dir, exposed_ports, volumes, stop_signal, ..
        } = op
        else {
            return;
        };
        let text = |value: &Option<std::borrow::Cow<'_, str>>| value.as_ref().map(|value| value.clone().into_owned());
        let later = Self {
            entrypoint: entrypoint.clone(),
            cmd: cmd.clone(),
            env: env.clone(),
            labels: labels.clone(),
            user: text(user),
            working_dir: text(working_dir),
            exposed_ports: exposed_ports.clone(),
            volumes: volumes.clone(),
            stop_signal: text(stop_signal),
            mounts: BTreeMap::new(),
        };
        self.extend(later);
    }

    /// Adds what later steps set: single settings take the place of earlier ones, the rest adds up.
    pub fn extend(&mut self, later: Self) {
        // An entrypoint of one's own makes the arguments of another one meaningless.
        if later.entrypoint.is_some() {
            self.cmd = None;
        }
        self.entrypoint = later.entrypoint.or_else(|| self.entrypoint.take());
        self.cmd = later.cmd.or_else(|| self.cmd.take());
        self.user = later.user.or_else(|| self.user.take());
        self.working_dir = later.working_dir.or_else(|| self.working_dir.take());
        self.stop_signal = later.stop_signal.or_else(|| self.stop_signal.take());
        self.env.extend(later.env);
        self.labels.extend(later.labels);
        self.mounts.extend(later.mounts);
        for (all, new) in [(&mut self.exposed_ports, later.exposed_ports), (&mut self.volumes, later.volumes)] {
            all.extend(new);
            all.sort_unstable();
            all.dedup();
        }
    }
}

/// Mounts as JSON: the source by its sort, `{ "host": "/x" }`.
mod mounts {
    use std::collections::BTreeMap;

    use featgraph_plan::SourceType;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        mounts: &BTreeMap<String, (SourceType, String)>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let entries = mounts.iter().map(|(place, (sort, source))| (place, BTreeMap::from([(sort.name(), source)])));
        entries.collect::<BTreeMap<_, _>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, (SourceType, String)>, D::Error> {
        let mounts: BTreeMap<String, BTreeMap<String, String>> = Deserialize::deserialize(deserializer)?;
        let sort = |name: &str| if name == "host" { SourceType::Host } else { SourceType::Image };
        let one = |(place, source): (String, BTreeMap<String, String>)| {
            source.into_iter().next().map(|(name, source)| (place, (sort(&name), source)))
        };
        Ok(mounts.into_iter().filter_map(one).collect())
    }
}
