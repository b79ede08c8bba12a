//! `~`, `~+`, `~-`, `~N` and `~user`.

use crate::shell::Shell;

impl Shell {
    /// What `~name` stands for; itself when there is no such thing.
    pub(super) fn expand_tilde(&mut self, name: &str) -> String {
        let found = match name {
            "" => match self.vars.get_scalar("HOME") {
                Some(home) => Some(home.into_owned()),
                None => self.home_of(None),
            },
            "+" => Some(self.cwd.clone()),
            "-" => self.vars.get_scalar("OLDPWD").map(|old| old.into_owned()),
            name => match name.strip_prefix('+').unwrap_or(name).parse::<i64>() {
                Ok(number) => self.stacked_folder(number, name.starts_with('-')),
                Err(_) => self.home_of(Some(name)),
            },
        };
        found.unwrap_or_else(|| format!("~{name}"))
    }

    /// `~2`: an entry of the stack of folders, whose top is the working folder; `~-0` is the bottom.
    fn stacked_folder(&self, number: i64, from_bottom: bool) -> Option<String> {
        let count = self.dir_stack.len() as i64 + 1;
        let index = if from_bottom { count - 1 + number } else { number };
        match index {
            0 => Some(self.cwd.clone()),
            index if (1..count).contains(&index) => self.dir_stack.get(index as usize - 1).cloned(),
            _ => None,
        }
    }

    /// A home in `/etc/passwd`: of a user, or of the one that runs the shell.
    pub(crate) fn home_of(&self, user: Option<&str>) -> Option<String> {
        let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
        let wanted = match user {
            Some(user) => user.to_owned(),
            None => self.vars.get_scalar("USER").map_or_else(|| "root".to_owned(), |user| user.into_owned()),
        };
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(&wanted)).then(|| fields.nth(4).map(str::to_owned)).flatten()
        })
    }
}
