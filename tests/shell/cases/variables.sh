#### LINENO in the script and substitutions
echo $LINENO
echo $(echo $LINENO) \
  $LINENO
eval 'echo $LINENO'
#### BASH_COMMAND and others in a plain script
echo "$BASH_COMMAND"
x=1; echo "<$BASH_COMMAND>"
#### BASH_VERSION has five
case $BASH_VERSION in 5.*) echo five;; esac
[ "${BASH_VERSINFO[0]}" = 5 ] && echo five
echo ${#BASH_VERSINFO[@]}
#### SECONDS can be set
SECONDS=100; ((SECONDS >= 100 && SECONDS < 103)) && echo near
#### RANDOM is a number and differs
a=$RANDOM b=$RANDOM c=$RANDOM
[[ $a =~ ^[0-9]+$ ]] && ((a < 32768)) && echo number
[[ $a$b != $b$c ]] && echo differ
RANDOM=5; x=$RANDOM; RANDOM=5; [ $x = $RANDOM ] && echo repeatable
#### SRANDOM and EPOCH are numbers
[[ $SRANDOM =~ ^[0-9]+$ ]] && echo srandom
[[ $EPOCHSECONDS =~ ^[0-9]+$ ]] && ((EPOCHSECONDS > 1600000000)) && echo epoch
[[ $EPOCHREALTIME =~ ^[0-9]+\.[0-9]{6}$ ]] && echo real
#### PPID, UID and EUID
[[ $PPID =~ ^[0-9]+$ ]] && echo ppid
[[ $UID =~ ^[0-9]+$ && $EUID =~ ^[0-9]+$ ]] && echo uid
( UID=5 ) 2>/dev/null; echo $?
#### dollar dollar is the same in subshells
a=$$; b=$(echo $$); c=$( (echo $$) ); [ $a = $b ] && [ $b = $c ] && echo same
#### IFS at start
printf '%q\n' "$IFS"
#### OPTIND and PS4 at start
echo $OPTIND "$PS4" ${OPTERR}
#### HOME, PATH and locale are inherited
echo $HOME $LC_ALL $TZ
env | grep -c '^PATH='
#### SHLVL is a number
[[ $SHLVL =~ ^[0-9]+$ ]] && echo number
#### an inherited variable stays exported
TZ=EST
env | grep '^TZ='
#### PIPESTATUS of simple commands
true; echo ${PIPESTATUS[@]}; false; echo ${PIPESTATUS[@]}
x=$(false); echo ${PIPESTATUS[@]}
! false; echo ${PIPESTATUS[@]}
#### FUNCNAME and BASH_SOURCE outside
echo "<${FUNCNAME[0]}>" "<${BASH_SOURCE[0]}>" ${#FUNCNAME[@]}
#### BASH_ARGV0 sets dollar zero
BASH_ARGV0=newname; echo $0
#### underscore
echo a b; echo $_
f() { :; }; f x y; echo $_
x=5; echo "<$_>"
#### DIRSTACK and PWD
d=$PWD; cd /; echo $PWD $OLDPWD | sed "s,$d,D,"; echo ${DIRSTACK[0]}
#### BASHOPTS
shopt -s nullglob; case :$BASHOPTS: in *:nullglob:*) echo in;; esac
(BASHOPTS=x) 2>/dev/null; echo $?
#### unset of special variables
unset RANDOM; RANDOM=5; echo $RANDOM
unset LINENO; echo "<$LINENO>"
#### variables in the environment are strings
export a=5; bash -c 'echo $((a + 1))' 2>/dev/null
declare -ix n=3; bash -c 'n=2+2; echo $n' 2>/dev/null
#### BASH_SUBSHELL
echo $BASH_SUBSHELL; (echo $BASH_SUBSHELL; (echo $BASH_SUBSHELL)); echo $(echo $BASH_SUBSHELL); { echo $BASH_SUBSHELL; }
#### BASH_EXECUTION_STRING is set with -c
[ -n "$BASH_EXECUTION_STRING" ] && echo set
#### HOSTTYPE and the like are set
[ -n "$HOSTTYPE" ] && [ -n "$OSTYPE" ] && [ -n "$MACHTYPE" ] && [ -n "$BASH" ] && echo set
#### TIMEFORMAT
TIMEFORMAT='%%'; { time :; } 2>&1
TIMEFORMAT='%2lR' ; { time :; } 2>&1 | tr 0-9 N
#### names and case
a=1 A=2 _a=3 a1=4; echo $a$A$_a$a1
#### GLOBIGNORE, FIGNORE and others may be set
FIGNORE=.o HISTSIZE=5 COLUMNS=80 LINES=24; echo $FIGNORE $HISTSIZE $COLUMNS $LINES
#### assignment to a readonly special
(BASHPID=5; echo $((BASHPID == 5))) 2>/dev/null
(PPID=1) 2>/dev/null; echo $?
(BASH_VERSINFO[0]=1) 2>/dev/null; echo $?
