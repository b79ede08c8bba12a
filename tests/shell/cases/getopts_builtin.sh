#### simple flags
set -- -a -b file
while getopts ab o; do echo "opt $o"; done
shift $((OPTIND - 1)); echo "rest $*"
#### arguments
set -- -o out -v -n5 rest
while getopts o:vn: o; do echo "$o <${OPTARG-}> $OPTIND"; done
shift $((OPTIND - 1)); echo "rest $*"
#### grouped
set -- -abc -xfile -y z
while getopts abcx:y o; do echo "$o <${OPTARG-}>"; done
echo $OPTIND
#### unknown option
set -- -z
getopts a o 2>&1; echo "$? $o <${OPTARG-unset}>"
#### missing argument
set -- -a
getopts a: o 2>&1; echo "$? $o <${OPTARG-unset}>"
#### silent mode
set -- -z -a
getopts :a: o; echo "$? $o $OPTARG"
getopts :a: o; echo "$? $o $OPTARG"
getopts :a: o; echo "$? $o"
#### OPTERR
OPTERR=0
set -- -z
getopts a o 2>&1; echo "$? $o"
#### double dash
set -- -a -- -b c
while getopts ab o; do echo $o; done
shift $((OPTIND - 1)); echo "$*"
#### stops at the first operand
set -- -a x -b
while getopts ab o; do echo $o; done
echo $OPTIND
shift $((OPTIND - 1)); echo "$*"
#### a dash alone is an operand
set -- -a - -b
while getopts ab o; do echo $o; done
shift $((OPTIND - 1)); echo "$*"
#### explicit arguments
while getopts xy: o -x -y 5 z; do echo "$o ${OPTARG-}"; done
echo $OPTIND
#### in functions with a local OPTIND
f() { local OPTIND o; while getopts v:q o; do echo "$o ${OPTARG-}"; done; shift $((OPTIND - 1)); echo "f rest $*"; }
f -v 1 -q a b
f -q c
#### resetting OPTIND
set -- -a -b
while getopts ab o; do printf '%s ' $o; done
OPTIND=1
while getopts ab o; do printf '%s ' $o; done; echo
#### argument that looks like an option
set -- -o -v x
while getopts o:v o; do echo "$o <${OPTARG-}>"; done
#### empty argument
set -- -o '' -v
while getopts o:v o; do echo "$o <${OPTARG-}>"; done
#### a typical script
usage() { echo "usage: prog [-h] [-v] [-o file] args"; }
main() {
  local OPTIND=1 verbose=0 out=- o
  while getopts ':hvo:' o; do
    case $o in
      h) usage; return 0 ;;
      v) ((verbose++)) ;;
      o) out=$OPTARG ;;
      :) echo "option -$OPTARG needs an argument"; return 2 ;;
      \?) echo "unknown -$OPTARG"; return 2 ;;
    esac
  done
  shift $((OPTIND - 1))
  echo "verbose=$verbose out=$out args=$*"
}
main -vv -o f a b; main -h; main -o; echo $?; main -q; echo $?; main
#### long options by hand
parse() {
  local pos=()
  while (($#)); do
    case $1 in
      --name=*) name=${1#*=} ;;
      --name) name=$2; shift ;;
      --flag) flag=1 ;;
      --) shift; pos+=("$@"); break ;;
      -*) echo "bad $1"; return 1 ;;
      *) pos+=("$1") ;;
    esac
    shift
  done
  echo "name=$name flag=${flag-0} pos=${pos[*]}"
}
parse --name=x a --flag b -- --c; parse --name 'y z'; parse --bad; echo $?
#### status at the end and the name
set -- -a
getopts a o; echo "$? $o"
getopts a o; echo "$? $o"
getopts a o; echo "$? $o"
#### too few arguments
getopts 2>/dev/null; echo $?
getopts a 2>/dev/null; echo $?
#### a bad variable name
set -- -a
getopts a 1x 2>/dev/null; echo $?
#### options that are digits and colons
set -- -1 -2 x
while getopts 12: o; do echo "$o ${OPTARG-}"; done
