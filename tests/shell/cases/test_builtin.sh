#### strings
[ a = a ]; echo $?
[ a = b ]; echo $?
[ a != b ]; echo $?
[ a == a ]; echo $?
[ -z '' ]; echo $?
[ -n '' ]; echo $?
[ -n x ]; echo $?
#### one argument
[ x ]; echo $?
[ '' ]; echo $?
[ ]; echo $?
test; echo $?
[ -n ]; echo $?
[ = ]; echo $?
[ ! ]; echo $?
[ false ]; echo $?
#### numbers
[ 1 -eq 1 ]; echo $?
[ 1 -ne 1 ]; echo $?
[ 1 -lt 2 ]; echo $?
[ 2 -le 2 ]; echo $?
[ 3 -gt 2 ]; echo $?
[ 2 -ge 3 ]; echo $?
[ -5 -lt 3 ]; echo $?
[ 010 -eq 10 ]; echo $?
[ ' 5 ' -eq 5 ]; echo $?
#### bad numbers
[ a -eq 1 ] 2>/dev/null; echo $?
[ '' -eq 0 ] 2>/dev/null; echo $?
[ 1.5 -lt 2 ] 2>/dev/null; echo $?
[ x -eq 1 ] 2>&1
#### negation
[ ! a = b ]; echo $?
[ ! '' ]; echo $?
[ ! x ]; echo $?
[ ! -n x ]; echo $?
[ ! ! x ]; echo $?
! [ x ]; echo $?
#### and, or
[ a = a -a b = b ]; echo $?
[ a = a -a b = c ]; echo $?
[ a = b -o b = b ]; echo $?
[ a = b -o b = c ]; echo $?
[ '' -o x -a '' ]; echo $?
[ x -o '' -a '' ]; echo $?
#### parentheses
[ \( a = a \) ]; echo $?
[ \( a = b -o c = c \) -a d = d ]; echo $?
[ ! \( a = b \) ]; echo $?
[ '(' x ')' ]; echo $?
#### files
touch f; mkdir d; ln -s f l; ln -s none broken
[ -e f ] && echo e; [ -f f ] && echo f; [ -d d ] && echo d; [ -f d ] || echo notf
[ -L l ] && echo L; [ -h l ] && echo h; [ -f l ] && echo fl; [ -e broken ] || echo nobroken; [ -L broken ] && echo Lb
[ -e none ] || echo none; [ -d f ] || echo notd
#### sizes and kinds
: > empty; echo x > full
[ -s empty ] || echo empty; [ -s full ] && echo full
[ -r full ] && [ -w full ] && echo rw
[ -x full ] || echo notx
[ -p full ] || echo notpipe; [ -S full ] || echo notsock; [ -b full ] || echo notblock
[ -c /dev/null ] && echo char
#### comparing files
touch -d '2020-01-01' old; touch -d '2021-01-01' new
[ new -nt old ] && echo newer
[ old -ot new ] && echo older
[ old -nt new ] || echo no
[ new -nt none ] && echo 'newer than none'
[ none -ot new ] && echo 'none is older'
ln -s new lnk
[ new -ef lnk ] && echo same
[ new -ef old ] || echo differ
#### string order
[ a \< b ]; echo $?
[ b \> a ]; echo $?
[ a \> b ]; echo $?
[ 10 \< 9 ]; echo $?
#### variables set
x=1; e=
[ -v x ] && echo x; [ -v e ] && echo e; [ -v none ] || echo none
a=(1 '' 3); [ -v a[0] ] && echo a0; [ -v 'a[5]' ] || echo a5; [ -v a ] && echo a
b=([2]=x); [ -v b ] || echo 'b without 0'
#### options
[ -o errexit ] || echo off
set -f; [ -o noglob ] && echo on
[ -o nosuch ] || echo unknown
#### terminal
[ -t 0 ] || echo no0
[ -t 9 ] || echo no9
#### argument confusion with operators
[ -f = -f ]; echo $?
[ '(' = '(' ]; echo $?
[ ! = ! ]; echo $?
[ -z = -z ]; echo $?
[ -n = x ]; echo $?
x='!'; [ "$x" = "!" ]; echo $?
#### unquoted empty
x=
[ $x = a ] 2>/dev/null; echo $?
[ -n $x ]; echo $?
[ -z $x ]; echo $?
[ "$x" = a ]; echo $?
#### missing bracket
[ a = a 2>/dev/null; echo $?
[ a 2>&1
test a = a; echo $?
#### too many arguments
[ a b ] 2>/dev/null; echo $?
[ a b c ] 2>&1; echo $?
[ a = b c ] 2>&1; echo $?
[ a b c d e ] 2>&1; echo $?
#### unary errors
[ -q x ] 2>&1; echo $?
[ x -q y ] 2>&1; echo $?
#### four arguments
[ ! a = a ]; echo $?
[ '(' a = ')' ] 2>/dev/null; echo $?
[ ! -f none ]; echo $?
#### big numbers
[ 9223372036854775807 -gt 0 ]; echo $?
[ 9223372036854775808 -gt 0 ] 2>/dev/null; echo $?
#### glob results
touch one
[ -e o* ] && echo exists
[ one = o* ] && echo equal
#### test as a command name
test -n x && echo yes
t=test; $t a = a && echo var
command [ a = a ] && echo cmd
#### double equals with pattern is literal
[ abc == a* ]; echo $?
touch abc; [ abc == a* ]; echo $?
#### newer with the same times
touch -d '2020-01-01' a b
[ a -nt b ] || echo not newer
[ a -ot b ] || echo not older
#### strings with dashes and signs
[ -- = -- ]; echo $?
[ -a = -a ]; echo $?
[ + != - ]; echo $?
[ 'a b' = 'a b' ]; echo $?
#### in loops and functions
has() { [ -n "$1" ] && [ "$1" -gt 2 ] 2>/dev/null; }
for v in 1 5 '' x; do has "$v" && echo "$v big" || echo "'$v' no"; done
#### -N and -G style are accepted
touch f; [ -O f ]; echo $?; [ -k f ]; echo $?; [ -u f ]; echo $?; [ -g f ]; echo $?
