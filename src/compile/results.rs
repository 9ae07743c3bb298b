//! What was compiled and still holds, and bringing the rest up to date after edits, the nearest images first.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::asks::files_of;
use super::delta::{Short, Whole};
use super::images::Outcome;
use super::settle::settle;
use super::{Levels, Report, Workspace};
use crate::fragment::Fragment;
use crate::graph::layer::Layer;

/// How far [`Workspace::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The findings are those of all files as they are.
    Current,
    /// Some images are up to date that were not; others are not yet.
    Behind,
    /// It was told to stop; what was being compiled is as it was before.
    Stopped,
}

/// Asked between the stages of an image whether to go on is of no use any more.
pub(super) type Stop<'s> = &'s (dyn Fn() -> bool + Sync);

/// Images and sets that were compiled, with what they were compiled from.
#[derive(Clone, Default)]
pub(super) struct Results {
    of: FxHashMap<String, Kept>,
    /// Whether the rest is up to date with the files.
    planned: bool,
    /// Images among the roots.
    images: Vec<String>,
    /// Feature sets that no image includes.
    sets: Vec<String>,
    /// Every image needed, parents before children.
    all: Vec<String>,
    /// What each of them stands on or clones from, where that does not stand on itself.
    needs: FxHashMap<String, Vec<String>>,
    /// What is to be compiled, last first, each with how far it is from the edit.
    queue: Vec<(usize, String)>,
    /// Images that are kept as they were linked, the latest last.
    whole: VecDeque<String>,
    /// How often images and sets were linked as a whole.
    linked: u64,
}

/// How many images are kept as they were linked: those that were edited last.
const MOST_WHOLE: usize = 4;

/// An image or set, compiled.
#[derive(Clone)]
struct Kept {
    outcome: Outcome,
    /// The files that it was compiled from, those that were not there included; sorted.
    from: Vec<String>,
    /// The images whose layers it was compiled on.
    needs: Vec<String>,
    /// What it leaves to others, where they ask for it.
    layer: Option<Layer>,
    /// Whether it is a set by itself.
    alone: bool,
    /// Whether something that it was compiled from has changed.
    stale: bool,
    /// As it was linked, where small edits since then can be judged on it.
    whole: Option<Arc<Whole>>,
    /// How many features went or came since it was linked.
    drift: u32,
}

/// With how many features that went or came since an image was linked it is worth linking it again while nobody waits.
const FAR: u32 = 64;

impl Results {
    /// Something changed: what is to be compiled has to be thought over.
    pub fn unsettle(&mut self) {
        self.planned = false;
    }

    fn keep(&mut self, path: String, kept: Kept) {
        if kept.whole.is_some() {
            self.whole.retain(|other| *other != path);
            self.whole.push_back(path.clone());
        }
        self.of.insert(path, kept);
        while self.whole.len() > MOST_WHOLE {
            let oldest = self.whole.pop_front().and_then(|path| self.of.get_mut(&path));
            oldest.into_iter().for_each(|kept| kept.whole = None);
        }
    }

    fn needs_of(&self, path: &str) -> &[String] {
        self.needs.get(path).map_or(&[], Vec::as_slice)
    }
}

impl Workspace {
    /// Compiles some of what edits made stale, the images nearest to the file `near` first: those that include it by the
    /// fewest steps, after what they stand on. To be called until it says [`Progress::Current`]; between two calls the
    /// [`findings`](Self::findings) so far can be shown. Ends early when `stop` says so, which is asked often.
    pub fn advance(&mut self, near: Option<&str>, stop: &(dyn Fn() -> bool + Sync)) -> Progress {
        if !self.results.planned {
            self.plan_results(near);
        }
        let batch = self.next_batch();
        if batch.is_empty() {
            return Progress::Current;
        }
        let done: Vec<(String, Option<(Kept, bool)>)> =
            batch.into_par_iter().map(|path| (path.clone(), self.compile_kept(&path, true, stop))).collect();
        let mut stopped = false;
        for (path, kept) in done {
            match kept {
                Some((kept, linked)) => {
                    self.results.linked += u64::from(linked);
                    self.results.queue.retain(|(_, other)| *other != path);
                    self.results.keep(path, kept);
                }
                None => stopped = true,
            }
        }
        match (stopped, self.results.queue.is_empty()) {
            (true, _) => Progress::Stopped,
            (false, true) => Progress::Current,
            (false, false) => Progress::Behind,
        }
    }

    /// Makes the next edits cheap while nobody waits for anything: what is looked up for them is put together, and images
    /// of which much was edited since they were linked are linked again. No finding changes.
    pub fn prepare(&mut self, stop: &(dyn Fn() -> bool + Sync)) {
        if !self.results.planned || !self.results.queue.is_empty() {
            return;
        }
        for path in Vec::from(self.results.whole.clone()) {
            if self.results.of.get(&path).is_some_and(|kept| kept.drift > FAR) {
                let Some((kept, linked)) = self.compile_kept(&path, false, stop) else { return };
                self.results.linked += u64::from(linked);
                self.results.keep(path.clone(), kept);
            }
            if let Some(whole) = self.results.of.get(&path).and_then(|kept| kept.whole.as_ref()).filter(|_| !stop()) {
                whole.prepare();
            }
        }
    }

    /// The findings of every root, as far as it is compiled. Images that are not up to date have those they had before.
    pub fn findings(&self, levels: &Levels) -> Report {
        let of = |paths: &[String]| -> Vec<(String, Outcome)> {
            paths.iter().filter_map(|path| Some((path.clone(), self.results.of.get(path)?.outcome.clone()))).collect()
        };
        let (all, sets) = (of(&self.results.all), of(&self.results.sets));
        self.report(&self.results.images, all, sets, levels)
    }

    /// The images and sets that a file takes part in, as far as they are compiled, by name of their files.
    pub fn images_with(&self, path: &str) -> Vec<&str> {
        let takes_part = |kept: &Kept| kept.from.binary_search_by(|from| from.as_str().cmp(path)).is_ok();
        let mut images: Vec<&str> =
            self.results.of.iter().filter(|(_, kept)| takes_part(kept)).map(|(image, _)| image.as_str()).collect();
        images.sort_unstable();
        images
    }

    /// How often images and sets were linked as a whole by [`advance`](Self::advance). Most edits of single features need
    /// less: only what they touched is judged anew.
    pub fn linked(&self) -> u64 {
        self.results.linked
    }

    /// What has to be compiled again, and in which order.
    fn plan_results(&mut self, near: Option<&str>) {
        let by_sources = self.dirty_by_sources();
        let (images, sets) = self.subjects();
        let (all, _) = self.closure(&images);
        let mut results = std::mem::take(&mut self.results);
        let mut dirty: Vec<String> = std::mem::take(&mut self.dirty).into_iter().collect();
        dirty.sort();
        let wanted: FxHashMap<&str, bool> = all
            .iter()
            .map(|path| (path.as_str(), false))
            .chain(sets.iter().map(|path| (path.as_str(), true)))
            .collect();
        results.of.retain(|path, kept| wanted.get(path.as_str()) == Some(&kept.alone));
        results.of.values_mut().for_each(|kept| {
            for path in dirty.iter().chain(&by_sources).filter(|path| kept.from.binary_search(path).is_ok()) {
                kept.stale = true;
                kept.whole.take_if(|whole| !whole.has_file(path) || by_sources.binary_search(path).is_ok());
            }
        });
        let mut needs: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for path in &all {
            // Of images that stand on each other the first is compiled without the others.
            let mut own: Vec<String> = self.needs(path).into_iter().map(|reference| reference.path).collect();
            own.retain(|need| needs.contains_key(need));
            own.sort();
            own.dedup();
            needs.insert(path.clone(), own);
        }
        let needed: FxHashSet<&String> = needs.values().flatten().collect();
        // Who stands on something stale is stale.
        let mut stale: FxHashSet<&str> = FxHashSet::default();
        for path in &all {
            let own = &needs[path];
            let holds = results.of.get(path).is_some_and(|kept| {
                !kept.stale && kept.needs == *own && (kept.layer.is_some() || !needed.contains(path))
            });
            let below = own.iter().any(|need| stale.contains(need.as_str()));
            if !holds || below {
                stale.insert(path);
            }
            if let Some(kept) = results.of.get_mut(path)
                && (below || kept.needs != *own)
            {
                kept.whole = None;
            }
        }
        let away = self.distances(near);
        let distance = |path: &str| away.get(path).copied().unwrap_or(usize::MAX);
        let mut wanting: Vec<&str> = all.iter().map(String::as_str).filter(|path| stale.contains(path)).collect();
        wanting.sort_by_key(|path| distance(path));
        let mut queue: Vec<(usize, String)> = Vec::new();
        let mut placed: FxHashSet<&str> = FxHashSet::default();
        for path in wanting {
            let (at, mut pending) = (distance(path), vec![(path, false)]);
            while let Some((path, opened)) = pending.pop() {
                if opened {
                    queue.push((at, path.to_owned()));
                } else if stale.contains(path) && placed.insert(path) {
                    pending.push((path, true));
                    let own = needs.get(path).into_iter().flatten();
                    pending.extend(own.map(|need| (need.as_str(), false)));
                }
            }
        }
        let mut alone: Vec<&String> =
            sets.iter().filter(|path| results.of.get(*path).is_none_or(|kept| kept.stale)).collect();
        alone.sort_by_key(|path| distance(path));
        queue.extend(alone.into_iter().map(|path| (distance(path), path.clone())));
        queue.sort_by_key(|&(distance, _)| distance);
        queue.reverse();
        self.results = Results { planned: true, images, sets, all, needs, queue, ..results };
    }

    /// The files that name a source which changed, by name.
    fn dirty_by_sources(&mut self) -> Vec<String> {
        let touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            return Vec::new();
        }
        let names = |path: &str| {
            self.fragments
                .get(path)
                .is_some_and(|fragment| fragment.sources.iter().any(|source| touched.contains(&*source.path)))
        };
        let mut dirty: Vec<String> = self.fragments.keys().filter(|path| names(path)).cloned().collect();
        dirty.sort();
        dirty
    }

    /// How many steps lead from each file to another one by what they name.
    fn distances(&self, near: Option<&str>) -> FxHashMap<String, usize> {
        let mut distances: FxHashMap<String, usize> = FxHashMap::default();
        let Some(near) = near else { return distances };
        let mut named_by: FxHashMap<Arc<str>, Vec<&str>> = FxHashMap::default();
        let mut fragments: Vec<(&String, &Arc<Fragment>)> = self.fragments.iter().collect();
        fragments.sort_unstable_by_key(|&(path, _)| path);
        for (path, fragment) in fragments {
            for ask in files_of(fragment) {
                named_by.entry(ask.path().clone()).or_default().push(path);
            }
        }
        let mut pending = VecDeque::from([(near, 0)]);
        while let Some((path, distance)) = pending.pop_front() {
            if distances.contains_key(path) {
                continue;
            }
            distances.insert(path.to_owned(), distance);
            pending.extend(named_by.get(path).into_iter().flatten().map(|&path| (path, distance + 1)));
        }
        distances
    }

    /// The next of the queue, and those that are as near and wait for none of them.
    fn next_batch(&self) -> Vec<String> {
        let most = 2 * rayon::current_num_threads();
        let waiting: FxHashSet<&str> = self.results.queue.iter().map(|(_, path)| path.as_str()).collect();
        let mut batch: Vec<String> = Vec::new();
        let nearest = self.results.queue.last().map_or(0, |&(distance, _)| distance);
        for (_, path) in self.results.queue.iter().rev().take_while(|&&(distance, _)| distance == nearest) {
            if !self.results.needs_of(path).iter().any(|need| waiting.contains(need.as_str())) {
                batch.push(path.clone());
            }
            if batch.len() >= most {
                break;
            }
        }
        batch
    }

    /// Compiles an image or set, by a short way if that may be and there is one; and whether it was linked as a whole.
    fn compile_kept(&self, path: &str, may_be_short: bool, stop: Stop<'_>) -> Option<(Kept, bool)> {
        if stop() {
            return None;
        }
        let alone = self.results.sets.iter().any(|set| set == path);
        let mut layers: FxHashMap<String, Layer> = FxHashMap::default();
        let mut shaky: FxHashSet<String> = FxHashSet::default();
        let needs = self.results.needs_of(path).to_vec();
        for need in &needs {
            let Some(kept) = self.results.of.get(need) else { continue };
            layers.extend(kept.layer.clone().map(|layer| (need.clone(), layer)));
            if kept.outcome.incomplete {
                shaky.insert(need.clone());
            }
        }
        let needed = self.results.needs.values().flatten().any(|need| need == path);
        let from = self.files_behind(path);
        let ground = self.ground(path, &layers, &shaky);
        let incomplete = ground.incomplete;
        let before = self.results.of.get(path).filter(|kept| may_be_short && kept.alone == alone && !needed);
        if let Some(whole) = before.and_then(|kept| kept.whole.clone())
            && let Some(Short { findings, withheld, drift }) = self.short_way(&whole, &ground)
        {
            let files = ground.files.iter().map(|file| file.source.name.clone()).collect();
            let outcome =
                Outcome { name: ground.name, files, findings, incomplete, withheld, undecided: BTreeSet::new() };
            let kept = Kept { outcome, from, needs, layer: None, alone, stale: false, whole: Some(whole), drift };
            return Some((kept, false));
        }
        let mut graph = self.link(path, ground, alone, stop)?;
        let (all, silencers) = graph.image.take_findings();
        let (findings, withheld) = settle(&graph.image, all.clone(), silencers.clone(), incomplete);
        let files = graph.image.files.iter().map(|file| file.fragment.source.name.clone()).collect();
        let undecided = graph.image.undecided.clone();
        let outcome = Outcome { name: graph.image.name.clone(), files, findings, incomplete, withheld, undecided };
        let layer = needed.then(|| self.leave(&graph));
        // What others stand on has to leave its layer anew after every edit.
        let whole = if needed { None } else { Whole::new(graph, all, silencers).map(Arc::new) };
        Some((Kept { outcome, from, needs, layer, alone, stale: false, whole, drift: 0 }, true))
    }

    /// The files that an image or set is compiled from, those that are not there included.
    fn files_behind(&self, path: &str) -> Vec<String> {
        let (files, _) = self.files_of(path);
        let mut from: Vec<String> = vec![path.to_owned()];
        for file in &files {
            from.push(file.source.name.clone());
            from.extend(files_of(file).map(|ask| ask.path().to_string()));
        }
        from.sort();
        from.dedup();
        from
    }
}
