#### noglob
touch f1
set -o noglob; echo f*
set +o noglob; echo f*
#### noexec
echo before
set -n
echo never
#### noexec in a subshell
(set -o noexec; echo never); echo after $?
#### allexport
set -a
x=1; y=2
set +a
z=3
env | grep -E '^[xyz]=' | sort
#### allexport with functions and declare
set -o allexport
declare d=4; read -r r <<< 5; printf -v p 6
set +o allexport
env | grep -E '^[drp]=' | sort
#### set -o lists names and states
set -o | grep -E '^(errexit|noglob|pipefail|nounset)'
set -f
set -o | grep noglob
#### set +o prints commands
set +o | grep -E 'errexit|noclobber'
set -C; set +o | grep noclobber
#### dollar dash has letters
set -f -u
case $- in *f*) echo f;; esac
case $- in *u*) echo u;; esac
case $- in *c*) echo c;; esac
case $- in *i*) echo i;; *) echo noti;; esac
#### several letters
set -efu
case $- in *e*) echo e;; esac
set +efu
case $- in *[efu]*) echo some;; *) echo none;; esac
#### options with arguments
set -f a 'b*' c
echo $# $2
set +f -- -x y
echo $1 $#
#### set -- and set -
set -x -- a 2>/dev/null; set +x 2>/dev/null
echo $1
set -v; set -; case $- in *v*) echo v;; *) echo nov;; esac
#### bad options
set -Z 2>&1 | head -n 1
set -o nosuchoption 2>&1; echo $?
#### test of options
set -o nounset
[[ -o nounset ]] && echo on
[[ -o errexit ]] || echo off
#### SHELLOPTS
set -f
case :$SHELLOPTS: in *:noglob:*) echo in;; esac
set +f
case :$SHELLOPTS: in *:noglob:*) echo in;; *) echo out;; esac
#### physical
mkdir real; ln -s real link
set -P
cd link; basename "$(pwd)"
cd ..
set +P
cd link; basename "$(pwd)"
#### hashall and others can be switched
set +h; set -h; set -B; set +B; set -b; set +m; echo $?
#### shopt prints and queries
shopt nullglob
shopt -s nullglob; shopt nullglob
shopt -q nullglob && echo on
shopt -u nullglob; shopt -q nullglob || echo off
#### shopt -p
shopt -p extglob
shopt -s extglob; shopt -p extglob
#### shopt several
shopt -s nullglob dotglob
shopt nullglob dotglob extglob; echo $?
shopt -q nullglob dotglob; echo $?
shopt -q nullglob extglob; echo $?
#### shopt -o
shopt -so noglob; case $- in *f*) echo f;; esac
shopt -o noglob
shopt -uo noglob; shopt -qo noglob || echo off
shopt -po noglob
#### shopt bad names
shopt -s nosuchopt 2>&1; echo $?
shopt nosuchopt 2>&1; echo $?
#### defaults of shopt
for o in autocd cdspell checkwinsize cmdhist dotglob expand_aliases extglob failglob globstar globasciiranges globskipdots hostcomplete huponexit inherit_errexit interactive_comments lastpipe localvar_inherit login_shell nocaseglob nocasematch nullglob patsub_replacement progcomp promptvars shift_verbose sourcepath xpg_echo; do
  shopt -q $o && echo "$o on" || echo "$o off"
done
#### shift_verbose
shopt -s shift_verbose
set -- a
shift 3 2>&1; echo $?
#### xpg_echo
shopt -s xpg_echo
echo 'a\tb'
echo -n 'x\n'
shopt -u xpg_echo
echo 'a\tb'
#### posix mode
set -o posix
[[ -o posix ]] && echo on
case :$SHELLOPTS: in *:posix:*) echo listed;; esac
set +o posix
#### noclobber by letter and name
set -C; echo x > f; (echo y > f) 2>/dev/null || echo kept
set +o noclobber; echo y > f; cat f
#### options are restored by evaluating set +o
set -f -C
saved=$(set +o)
set +f +C -e
eval "$saved"
echo $- | tr -d 'hBcs'
#### shopt state saved
old=$(shopt -p nullglob)
shopt -s nullglob
eval "$old"
shopt -q nullglob || echo restored
#### expand_aliases off in scripts
alias hi='echo hello'
hi 2>/dev/null || echo 'not expanded'
#### verbose and exit
set -o verbose 2>/dev/null
set +o verbose
echo done
#### set without arguments in posix form lists variables
zq_1=a zq_2='b c'
set | grep '^zq_'
#### pipefail is not in letters
set -o pipefail
case $- in *p*) echo p;; *) echo nop;; esac
#### keyword option
set -k
env a_k=1 | grep '^a_k='
f() { echo "$# $kw"; }
f x kw=5
