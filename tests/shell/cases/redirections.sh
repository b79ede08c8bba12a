#### output and append
echo a > f; cat f
echo b > f; cat f
echo c >> f; cat f
#### input
printf 'x\ny\n' > f
cat < f
read -r l < f; echo $l
#### standard error
ls nosuch 2> err; [ -s err ] && echo 'has error'
{ echo out; echo err >&2; } 2> e > o
cat o e
#### both
{ echo out; echo err >&2; } > f 2>&1; cat f
{ echo out; echo err >&2; } &> f; cat f
{ echo out2; echo err2 >&2; } &>> f; cat f
{ echo out; echo err >&2; } >& f; cat f
#### order matters
{ echo out; echo err >&2; } 2>&1 > f | sed 's/^/pipe:/'
cat f
#### several outputs only the last gets it
echo x > a > b
[ -e a ] && wc -c < a | tr -d ' '; cat b
#### redirection anywhere
> f echo one two; cat f
echo > f one two; cat f
echo one > f two; cat f
#### truncating without a command
echo data > f; > f; wc -c < f | tr -d ' '
: > g; ls
#### missing input
cat < nosuch 2>&1; echo $?
echo next
{ cat < nosuch; echo inner; } 2>&1
#### a failing redirection skips the command
echo ran > /nonexistent/x 2>/dev/null; echo $?
false || echo hi > nodir/f 2>/dev/null || echo fallback
#### numbered descriptors
exec 3> f; echo three >&3; exec 3>&-; cat f
exec 4< f; read -r l <&4; echo $l; exec 4<&-
#### writing to a closed descriptor
echo x >&7 2>/dev/null; echo $?
{ echo x >&7; } 2>&1
#### duplicate and restore
exec 5>&1 > f; echo hidden; exec 1>&5 5>&-
echo shown; cat f
#### moving descriptors
exec 3> f; echo a >&3; exec 4>&3-; echo b >&4; { echo c >&3; } 2>/dev/null || echo closed; exec 4>&-; cat f
#### closing standard output
( echo x >&- ) 2>&1; echo $?
( exec >&-; echo y ) 2>/dev/null; echo $?
#### read-write
printf 'hello\n' > f
exec 3<> f; read -r -n 2 x <&3; printf 'XX' >&3; exec 3>&-
cat f; echo $x
#### noclobber
set -C
echo a > f; echo b > f 2>/dev/null; echo $?; cat f
echo c >| f; cat f
echo d >> f; cat f
set +C; echo e > f; cat f
#### noclobber message
set -o noclobber
echo a > f
{ echo b > f; } 2>&1
echo x > /dev/null; echo $?
#### a variable gets the descriptor
exec {fd}> f
echo via >&$fd
exec {fd}>&-
cat f; ((fd >= 10)) && echo high
( echo x >&$fd ) 2>/dev/null || echo closed
#### a variable descriptor for reading
printf 'l1\nl2\n' > f
exec {in}< f
read -r a <&$in; read -r b <&$in; echo $a $b
exec {in}<&-
#### a variable descriptor with a command lives on
echo one {v}> f >&$v 2>/dev/null
{ echo two >&$v; } {v}> g; cat g
[ -n "$v" ] && echo open
#### group and compound redirections
{ echo a; echo b; } > f; cat f
for i in 1 2; do echo $i; done > f; cat f
while read -r l; do echo "<$l>"; done < f
if true; then echo yes; fi > f; cat f
case x in x) echo case;; esac > f; cat f
(echo sub) > f; cat f
[[ a == a ]] > g; ls
#### nested reading loops with descriptors
printf '1\n2\n' > a; printf 'x\ny\n' > b
while read -r p <&3; do read -r q <&4; echo $p$q; done 3< a 4< b
#### reading and writing in a loop
printf 'a\nb\n' > in
while read -r l; do echo "$l$l"; done < in > out
cat out
#### the file name is expanded
n=name; echo x > $n.txt; echo y > "${n} 2"; ls
echo z > $(echo sub)_f; cat sub_f
#### ambiguous names
v='a b'
echo x > $v 2>/dev/null; echo $?
e=
echo x > $e 2>/dev/null; echo $?
{ echo x > $v; } 2>&1
#### a glob that matches several
touch a1 a2
echo x > a* 2>/dev/null; echo $?; ls
#### here-string and file, the last wins
echo file > f
cat < f <<< string
cat <<< string < f
#### dev null and dev stdin
echo gone > /dev/null
cat < /dev/null; echo piped | cat /dev/stdin
echo err >&2 2> /dev/null
echo piped | cat /dev/fd/0
#### dev stdout and dev stderr
echo a > /dev/stdout
{ echo b > /dev/stderr; } 2>&1
echo c | tee /dev/stderr 2>&1 >/dev/null
#### number glued to the operator
echo 2>f; cat f; echo 2 >f; cat f; echo a2>f; cat f
echo 2>&1
echo x1 >&1
#### redirect of a builtin
cd / > f2 2>/dev/null; cd - > /dev/null; pwd > f; [ -s f ] && echo filled
read -r x < f; [ -n "$x" ] && echo read
#### exec with redirection only
( exec > f; echo in file; echo more ); cat f
( exec < f; read -r a; read -r b; echo "$b $a" )
#### exec with failing redirection ends the shell
( exec < nosuch; echo never ) 2>/dev/null; echo $?
#### stderr of a missing command
nosuch_cmd_x 2> f; echo $?; grep -c 'not found' f
#### redirections are undone
{ echo a; } > f; echo b
f1() { echo in; }; f1 > g; f1; cat f g
#### closing in a group
{ echo a; { echo b; } >&-; echo c; } 2>/dev/null
#### stdin closed
cat <&- 2>/dev/null; echo $?
read -r x <&- 2>/dev/null; echo $?
#### appending by several commands
for i in 1 2 3; do echo $i >> log; done; cat log
{ echo 4; echo 5; } >> log; wc -l < log | tr -d ' '
#### two descriptors to one file share the offset
exec 3> f 4>&3; echo a >&3; echo b >&4; echo c >&3; exec 3>&- 4>&-; cat f
#### two openings do not
( exec 3> f 4> f; echo aaaa >&3; echo b >&4 ); cat f
#### reading the rest with another command
printf '1\n2\n3\n4\n' > f
{ read -r a; read -r b; cat; } < f
echo "$a$b"
#### swap stdout and stderr
f() { echo out; echo err >&2; }
x=$(f 3>&1 1>&2 2>&3 3>&- 2>&1) 2>/dev/null
( f 3>&1 1>&2 2>&3 3>&- ) 2>/dev/null
#### tee like logging
log() { echo "log: $*" >&2; }
{ log one; echo out; log two; } 2> err.log
cat err.log
#### descriptor inheritance to a child
exec 3> f
sh -c 'echo child >&3' 2>/dev/null || bash -c 'echo child >&3' 2>/dev/null || echo child >&3
exec 3>&-; cat f
#### a dash closes a number only
echo x > f 3>&-; cat f
echo y 2>&- > f; cat f
#### dup of a bad number
{ echo x >&abc; } 2>/dev/null; cat abc 2>/dev/null; echo "$?"
{ : <&abc; } 2>&1; echo $?
#### redirect from a dup variable
n=1; echo to1 >&$n
n=2; { echo to2 >&$n; } 2>&1
#### a redirected function call with local descriptor
f() { echo a >&3; echo b; }
f 3> f3 > f1; cat f3 f1
#### error message of a folder
mkdir d
{ echo x > d; } 2>&1
{ : < nosuch; } 2>&1
{ echo x > nodir/f; } 2>&1
#### large descriptor numbers
exec 20> f; echo twenty >&20; exec 20>&-; cat f
exec 200> f; echo two hundred >&200; exec 200>&-; cat f
