//! The table of background jobs. Thousands of them may run at once, so nothing here looks through all of them for each
//! one that is added or that ends.

use glowplug_sys::Pid;
use std::collections::HashMap;
use std::ops::Deref;

/// A background job.
#[derive(Clone, Debug)]
pub struct Job {
    pub number: u32,
    /// Every process of its pipeline; the last one's status is the job's.
    pub pids: Vec<Pid>,
    pub statuses: Vec<Option<i32>>,
    pub text: String,
    /// [`Shell::job_level`](crate::shell::Shell::job_level) of the shell that started it: only that one can wait for it.
    pub level: u32,
}

impl Job {
    /// Whether one of its processes has not ended.
    pub fn is_running(&self) -> bool {
        self.statuses.iter().any(Option::is_none)
    }
}

/// The jobs that a shell knows, the oldest first. Their numbers rise.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    list: Vec<Job>,
    /// Each process's job.
    numbers: HashMap<Pid, u32>,
    /// How many jobs there may be before those that ended are looked for.
    room: usize,
}

impl Deref for Jobs {
    type Target = [Job];

    fn deref(&self) -> &[Job] {
        &self.list
    }
}

impl Jobs {
    /// How many jobs a script's shell keeps at least, ended ones included.
    const KEPT: usize = 256;

    /// Adds a job, and gives its number: one more than the highest.
    pub fn add(&mut self, pids: Vec<Pid>, text: String, level: u32) -> u32 {
        let number = self.list.last().map_or(0, |job| job.number) + 1;
        self.numbers.extend(pids.iter().map(|&pid| (pid, number)));
        let statuses = vec![None; pids.len()];
        self.list.push(Job { number, pids, statuses, text, level });
        number
    }

    /// Whether it is time to look for jobs that ended. Twice as many as were left the last time, so that each job is
    /// asked about a few times at most, however many there are.
    pub fn is_full(&self) -> bool {
        self.list.len() > self.room.max(Self::KEPT)
    }

    /// Forgets the jobs that ended.
    pub fn forget_ended(&mut self) {
        let numbers = &mut self.numbers;
        self.list.retain(|job| {
            let running = job.is_running();
            if !running {
                for pid in &job.pids {
                    numbers.remove(pid);
                }
            }
            running
        });
        self.room = 2 * self.list.len();
    }

    /// Notes the end of a process.
    pub fn note_end(&mut self, pid: Pid, status: i32) {
        let Some(index) = self.numbers.get(&pid).and_then(|&number| self.by_number(number)) else { return };
        let job = &mut self.list[index];
        if let Some(place) = job.pids.iter().position(|&known| known == pid) {
            job.statuses[place] = Some(status);
        }
    }

    /// The place of the job with this number.
    pub fn by_number(&self, number: u32) -> Option<usize> {
        self.list.binary_search_by_key(&number, |job| job.number).ok()
    }

    /// The place of the job that a process belongs to.
    pub fn by_pid(&self, pid: Pid) -> Option<usize> {
        self.by_number(*self.numbers.get(&pid)?)
    }

    /// Forgets one job.
    pub fn remove(&mut self, index: usize) {
        for pid in self.list.remove(index).pids {
            self.numbers.remove(&pid);
        }
    }

    /// The processes that have not ended, of the jobs that were started at a level.
    pub fn running(&self, level: u32) -> Vec<Pid> {
        let of_job = |job: &Job| -> Vec<Pid> {
            job.pids.iter().zip(&job.statuses).filter(|(_, status)| status.is_none()).map(|(&pid, _)| pid).collect()
        };
        self.list.iter().filter(|job| job.level == level).flat_map(of_job).collect()
    }
}
