#### simple alias
shopt -s expand_aliases
alias hi='echo hello'
hi world
#### only as a command's name
shopt -s expand_aliases
alias hi='echo hello'
echo hi
'hi' 2>/dev/null || echo quoted
\hi 2>/dev/null || echo escaped
#### a trailing blank expands the next word
shopt -s expand_aliases
alias say='echo ' word='expanded'
say word
say say word
#### not on the same line as the definition
shopt -s expand_aliases
alias now='echo yes'; now 2>/dev/null || echo 'not yet'
now
#### recursion is stopped
shopt -s expand_aliases
alias ls='ls -a'
touch f
ls | tail -n 1
alias a=b b=a
a 2>/dev/null || echo stopped
#### aliases with operators
shopt -s expand_aliases
alias two='echo 1; echo 2' start='{ echo open' noop=
two
start; }
noop echo after
#### aliases of keywords
shopt -s expand_aliases
alias begin='if true; then' end=fi
begin echo body; end
#### unalias
shopt -s expand_aliases
alias x='echo x'
x
unalias x
x 2>/dev/null || echo gone
unalias x 2>/dev/null; echo $?
alias y=1 z=2; unalias -a; alias
#### listing
alias b='echo "b"' a="it's"
alias
alias a
alias nosuch_alias 2>/dev/null; echo $?
#### aliases in functions are expanded at the definition
shopt -s expand_aliases
alias e='echo first'
f() { e; }
alias e='echo second'
f
e
#### alias after assignments and redirections
shopt -s expand_aliases
alias show='cat'
x=1 show <<< text
< /dev/null show
#### alias after control operators
shopt -s expand_aliases
alias y='echo yes'
true && y; y | cat; (y); { y; }; if y; then y; fi; ! y
#### aliases in eval
shopt -s expand_aliases
alias q='echo q'
eval 'q r'
eval 'alias w="echo w"
w'
#### alias names with odd characters
shopt -s expand_aliases
alias ..='echo up' a-b='echo dash'
..
a-b
alias 'x y=z' 2>/dev/null; echo $?
#### BASH_ALIASES
alias q='echo q'
echo "${BASH_ALIASES[q]}"
#### type of builtins, keywords and functions
f() { :; }
type -t echo; type -t if; type -t f; type -t nosuch_t; echo $?
type -t cat; type -t '['; type -t '[['; type -t '{'; type -t time; type -t !
#### type words
type echo if : [
f() { echo body; }
type f
type nosuch_t 2>&1; echo $?
#### type -t of aliases
alias al='x'
shopt -s expand_aliases
type -t al; type al
#### type -a and -p
type -p echo; echo $?
type -a -t echo | head -n 1
type -P nosuch_p; echo $?
#### command -v
command -v echo; command -v if; f() { :; }; command -v f
command -v nosuch_c; echo $?
alias al='some thing'; command -v al
#### command -V
command -V echo; command -V while
command -V nosuch_c 2>&1; echo $?
#### command runs builtins past functions
echo() { printf 'mine\n'; }
command echo real
echo x
command -p echo default path
#### command of special builtins
command exit_nothing 2>/dev/null; echo $?
command eval 'echo evaluated'
command -- echo dashed
command; echo $?
#### command keeps special builtins from ending the shell
command . ./nosuch 2>/dev/null; echo "alive $?"
command export 'bad name' 2>/dev/null; echo "alive $?"
#### builtin
builtin echo b; echo $?
builtin nosuch_b 2>&1; echo $?
builtin cat 2>/dev/null; echo $?
builtin; echo $?
cd() { echo fake; }; builtin cd /; cd; [ "$PWD" = / ] && echo root
#### enable
enable -n echo
type -t echo
enable echo
type -t echo
enable nosuch_e 2>/dev/null; echo $?
#### hash
hash -r; hash; echo $?
hash nosuch_h 2>/dev/null; echo $?
hash cat; hash -t cat > /dev/null && echo found
hash -d cat; hash -t cat 2>/dev/null; echo $?
#### hash -p
mkdir bin; hash -p /nonexistent/prog fakeprog
hash -t fakeprog
fakeprog 2>/dev/null; echo $?
#### if command exists idioms
if command -v cat > /dev/null 2>&1; then echo have; fi
if type nosuch_p > /dev/null 2>&1; then echo have; else echo missing; fi
hash nosuch_p 2>/dev/null || echo missing
for c in echo nosuch_p; do command -v $c > /dev/null && echo "$c ok" || echo "$c no"; done
#### type -f and functions with the names of builtins
echo() { builtin echo fn; }
type -t echo
type -ft echo
unset -f echo; type -t echo
#### compgen
compgen -A function | grep -x my_fn; my_fn() { :; }; compgen -A function | grep -x my_fn
my_var_1=a my_var_2=b; compgen -v my_var_
compgen -W 'apple banana avocado' a
compgen -b ec
#### PATH lookup follows changes
mkdir p1 p2
PATH_OLD=$PATH
PATH=$PWD/p1
type -P cat || echo none
PATH=$PATH_OLD
type -P cat > /dev/null && echo again
#### help is known
help true > /dev/null && echo ok
help nosuch_topic > /dev/null 2>&1; echo $?
