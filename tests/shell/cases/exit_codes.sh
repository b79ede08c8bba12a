#### command not found is 127
nosuch_1 2>/dev/null; echo $?
./nosuch_2 2>/dev/null; echo $?
/no/such/path 2>/dev/null; echo $?
'' 2>/dev/null; echo $?
#### not executable is 126
echo x > f; ./f 2>/dev/null; echo $?
mkdir d; ./d 2>/dev/null; echo $?
#### signals are 128 plus the number
(kill -TERM $BASHPID) 2>/dev/null; echo $?
(kill -HUP $BASHPID) 2>/dev/null; echo $?
(kill -USR2 $BASHPID) 2>/dev/null; echo $?
#### exit
(exit 0); echo $?
(exit 255); echo $?
(exit 256); echo $?
(exit -5); echo $?
(exit 1000); echo $?
#### exit without a number
(false; exit); echo $?
(true; exit); echo $?
(exit 3; exit) ; echo $?
#### builtins' usage errors are 2
(exit a) 2>/dev/null; echo $?
(cd -Z) 2>/dev/null; echo $?
(read -Z) 2>/dev/null; echo $?
(set -Z) 2>/dev/null; echo $?
(export -Z) 2>/dev/null; echo $?
(unset -Z) 2>/dev/null; echo $?
(trap -Z) 2>/dev/null; echo $?
(shift a) 2>/dev/null; echo $?
#### syntax errors are 2
(eval 'if') 2>/dev/null; echo $?
(eval ')') 2>/dev/null; echo $?
(eval '"') 2>/dev/null; echo $?
#### the script's own syntax error
echo first
if true; then echo a
#### the script ends with the last status
true
(exit 9)
#### a script that ends by an unset command
echo out
nosuch_end 2>/dev/null
#### redirection errors are 1
echo x > /no/dir/f 2>/dev/null; echo $?
{ : < nosuch; } 2>/dev/null; echo $?
(exec < nosuch) 2>/dev/null; echo $?
#### readonly errors
readonly r=1
(r=2) 2>/dev/null; echo $?
(unset r) 2>/dev/null; echo $?
#### expansion errors
(echo ${x?}) 2>/dev/null; echo $?
(set -u; echo $x) 2>/dev/null; echo $?
(echo ${x@Z}) 2>/dev/null; echo $?
(echo $((1/0))) 2>/dev/null; echo $?
#### an expansion error in the main shell with -c
echo a
echo ${x?gone} 2>/dev/null
echo never
#### a division by zero in the main shell
echo a
echo $((1 / 0)) 2>/dev/null
echo "next $?"
#### arithmetic commands
((0)); echo $?; ((1)); echo $?; ((1/0)) 2>/dev/null; echo $?
let 0; echo $?; let 1; echo $?
#### test commands
[ a = b ]; echo $?; [ a b ] 2>/dev/null; echo $?; [[ a == b ]]; echo $?
[[ a =~ ( ]] 2>/dev/null; echo $?
#### the commands' own codes
grep -q x /dev/null; echo $?
ls nosuch 2>/dev/null; [ $? -ne 0 ] && echo failed
diff <(echo a) <(echo b) > /dev/null; echo $?
cmp -s <(echo a) <(echo b); echo $?
expr 0 > /dev/null; echo $?
expr 1 + 1 > /dev/null; echo $?
sh_false() { false; }; sh_false; echo $?
#### negation
! true; echo $?; ! false; echo $?; ! (exit 5); echo $?
#### exec
(exec true); echo $?
(exec false); echo $?
(exec nosuch_x) 2>/dev/null; echo $?
(exec ./nosuch_x) 2>/dev/null; echo $?
(exec nosuch_x; echo never) 2>/dev/null; echo $?
#### exec replaces the shell
(exec echo replaced; echo never); echo $?
exec printf '%s\n' last words
echo never
#### exec with a failing command and execfail
shopt -s execfail
exec nosuch_x 2>/dev/null
echo "alive $?"
#### exec does not run the exit trap
trap 'echo trapped' EXIT
exec true
#### exec -a and -c
(exec -c env | grep -c '^PATH='); echo end
x=1; export x; (exec env) | grep '^x='
#### exec in a pipeline
echo text | (exec cat); echo $?
true | exec cat; echo $?
#### wait codes
(exit 3) & wait $!; echo $?; wait 424242 2>/dev/null; echo $?
#### timeouts of commands
(sleep 5 & p=$!; kill $p; wait $p) 2>/dev/null; echo $?
#### pipelines of signals
(kill -TERM $BASHPID) 2>/dev/null | cat; echo "${PIPESTATUS[0]}"
#### env and xargs codes
env false; echo $?
env nosuch_cmd 2>/dev/null; echo $?
echo a | xargs false; echo $?
#### nested bash -c
bash -c 'exit 7' 2>/dev/null; echo $?
bash -c 'echo "$0 $1 $#"' name arg1
bash -c 'kill -TERM $$' 2>/dev/null; echo $?
#### nested bash with a script and arguments
echo 'echo "$# $1"; exit 4' > s
bash s a b; echo $?
bash ./nosuch_script 2>/dev/null; echo $?
bash < s; echo $?
echo 'echo piped $1' | bash -s arg
#### nested sh
echo 'echo "sh $1"; exit 5' > s
sh s a; echo $?
