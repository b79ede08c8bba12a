//! What `set -o` and `shopt` switch.

/// Declares [`Options`] from the two tables: field, name, letter (a space when there is none), default.
macro_rules! options {
    (
        set { $($field:ident $name:literal $letter:literal $default:literal;)* }
        shopt { $($shopt_field:ident $shopt_name:literal $shopt_default:literal;)* }
    ) => {
        /// All options, each a field.
        #[derive(Clone, Debug)]
        pub struct Options {
            $(pub $field: bool,)*
            $(pub $shopt_field: bool,)*
            /// `-i`, or a terminal without a script.
            pub interactive: bool,
            /// `-s`, or commands from the standard input for want of a script.
            pub from_stdin: bool,
            /// `-c`.
            pub from_argument: bool,
        }

        impl Default for Options {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    $($shopt_field: $shopt_default,)*
                    interactive: false,
                    from_stdin: false,
                    from_argument: false,
                }
            }
        }

        /// The names of `set -o`, in the order in which it lists them.
        pub const SET_NAMES: &[&str] = &[$($name,)*];
        /// The names of `shopt`, in the order in which it lists them.
        pub const SHOPT_NAMES: &[&str] = &[$($shopt_name,)*];
        const LETTERS: &[(char, &str)] = &[$(($letter, $name),)*];

        impl Options {
            /// An option of `set -o` by its name.
            pub fn set_option(&mut self, name: &str) -> Option<&mut bool> {
                match name {
                    $($name => Some(&mut self.$field),)*
                    _ => None,
                }
            }

            pub fn get_set(&self, name: &str) -> Option<bool> {
                match name {
                    $($name => Some(self.$field),)*
                    _ => None,
                }
            }

            /// An option of `shopt` by its name.
            pub fn shopt_option(&mut self, name: &str) -> Option<&mut bool> {
                match name {
                    $($shopt_name => Some(&mut self.$shopt_field),)*
                    _ => None,
                }
            }

            pub fn get_shopt(&self, name: &str) -> Option<bool> {
                match name {
                    $($shopt_name => Some(self.$shopt_field),)*
                    _ => None,
                }
            }
        }
    };
}

options! {
    set {
        allexport "allexport" 'a' false;
        braceexpand "braceexpand" 'B' true;
        emacs "emacs" ' ' false;
        errexit "errexit" 'e' false;
        errtrace "errtrace" 'E' false;
        functrace "functrace" 'T' false;
        hashall "hashall" 'h' true;
        histexpand "histexpand" 'H' false;
        history "history" ' ' false;
        ignoreeof "ignoreeof" ' ' false;
        interactive_comments_set "interactive-comments" ' ' true;
        keyword "keyword" 'k' false;
        monitor "monitor" 'm' false;
        noclobber "noclobber" 'C' false;
        noexec "noexec" 'n' false;
        noglob "noglob" 'f' false;
        nolog "nolog" ' ' false;
        notify "notify" 'b' false;
        nounset "nounset" 'u' false;
        onecmd "onecmd" 't' false;
        physical "physical" 'P' false;
        pipefail "pipefail" ' ' false;
        posix "posix" ' ' false;
        privileged "privileged" 'p' false;
        verbose "verbose" 'v' false;
        vi "vi" ' ' false;
        xtrace "xtrace" 'x' false;
    }
    shopt {
        autocd "autocd" false;
        assoc_expand_once "assoc_expand_once" false;
        cdable_vars "cdable_vars" false;
        cdspell "cdspell" false;
        checkhash "checkhash" false;
        checkjobs "checkjobs" false;
        checkwinsize "checkwinsize" true;
        cmdhist "cmdhist" true;
        compat31 "compat31" false;
        compat32 "compat32" false;
        compat40 "compat40" false;
        compat41 "compat41" false;
        compat42 "compat42" false;
        compat43 "compat43" false;
        compat44 "compat44" false;
        complete_fullquote "complete_fullquote" true;
        direxpand "direxpand" false;
        dirspell "dirspell" false;
        dotglob "dotglob" false;
        execfail "execfail" false;
        expand_aliases "expand_aliases" false;
        extdebug "extdebug" false;
        extglob "extglob" false;
        extquote "extquote" true;
        failglob "failglob" false;
        force_fignore "force_fignore" true;
        globasciiranges "globasciiranges" true;
        globskipdots "globskipdots" true;
        globstar "globstar" false;
        gnu_errfmt "gnu_errfmt" false;
        histappend "histappend" false;
        histreedit "histreedit" false;
        histverify "histverify" false;
        hostcomplete "hostcomplete" true;
        huponexit "huponexit" false;
        inherit_errexit "inherit_errexit" false;
        interactive_comments "interactive_comments" true;
        lastpipe "lastpipe" false;
        lithist "lithist" false;
        localvar_inherit "localvar_inherit" false;
        localvar_unset "localvar_unset" false;
        login_shell "login_shell" false;
        mailwarn "mailwarn" false;
        no_empty_cmd_completion "no_empty_cmd_completion" false;
        nocaseglob "nocaseglob" false;
        nocasematch "nocasematch" false;
        noexpand_translation "noexpand_translation" false;
        nullglob "nullglob" false;
        patsub_replacement "patsub_replacement" true;
        progcomp "progcomp" true;
        progcomp_alias "progcomp_alias" false;
        promptvars "promptvars" true;
        restricted_shell "restricted_shell" false;
        shift_verbose "shift_verbose" false;
        sourcepath "sourcepath" true;
        varredir_close "varredir_close" false;
        xpg_echo "xpg_echo" false;
    }
}

/// The order of letters in `$-`.
const DOLLAR_DASH: &str = "abefhkmnptuvxBCEHPT";

impl Options {
    /// The name of `set -o` that a letter of `set` stands for.
    pub fn name_of_letter(letter: char) -> Option<&'static str> {
        LETTERS.iter().find(|(known, _)| *known == letter && letter != ' ').map(|(_, name)| *name)
    }

    /// `$-`.
    pub fn letters(&self) -> String {
        let mut letters = String::new();
        for letter in DOLLAR_DASH.chars() {
            if letter == 'k' && self.interactive {
                letters.push('i');
            }
            if Self::name_of_letter(letter).and_then(|name| self.get_set(name)) == Some(true) {
                letters.push(letter);
            }
        }
        if self.from_argument {
            letters.push('c');
        }
        if self.from_stdin {
            letters.push('s');
        }
        letters
    }

    /// `$SHELLOPTS`.
    pub fn shellopts(&self) -> String {
        let on: Vec<&str> = SET_NAMES.iter().copied().filter(|name| self.get_set(name) == Some(true)).collect();
        on.join(":")
    }

    /// `$BASHOPTS`.
    pub fn bashopts(&self) -> String {
        let on: Vec<&str> = SHOPT_NAMES.iter().copied().filter(|name| self.get_shopt(name) == Some(true)).collect();
        on.join(":")
    }
}
