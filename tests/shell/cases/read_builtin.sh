#### one and several variables
read a <<< 'one two three'; echo "<$a>"
read a b <<< 'one two three'; echo "<$a><$b>"
read a b c d <<< 'one two three'; echo "<$a><$b><$c><$d>"
#### REPLY
read <<< '  spaced  line  '; echo "<$REPLY>"
read -r <<< 'a\b'; echo "<$REPLY>"
#### backslashes
read a <<< 'a\b\\c\ d'; echo "<$a>"
read -r a <<< 'a\b\\c\ d'; echo "<$a>"
read a b <<< 'one\ two three'; echo "<$a><$b>"
#### line continuation
printf 'a\\\nb\nc\n' | { read x; read y; echo "<$x><$y>"; }
printf 'a\\\nb\nc\n' | { read -r x; read -r y; echo "<$x><$y>"; }
#### whitespace trimming
IFS= read -r a <<< '  keep  '; echo "<$a>"
read -r a <<< '  trim  '; echo "<$a>"
read -r a b <<< '  x   y  z  '; echo "<$a><$b>"
#### IFS characters
IFS=: read a b c <<< 'x:y:z'; echo "<$a><$b><$c>"
IFS=: read a b <<< 'x:y:z'; echo "<$a><$b>"
IFS=: read a b c <<< 'x::z'; echo "<$a><$b><$c>"
IFS=: read a b <<< 'x:y:'; echo "<$a><$b>"
IFS=: read a b <<< 'x:y::'; echo "<$a><$b>"
IFS=: read a <<< 'x:'; echo "<$a>"
#### mixed IFS
IFS=' ,' read a b c <<< 'x , y,z'; echo "<$a><$b><$c>"
IFS=', ' read -r a b c <<< ',x, ,y'; echo "<$a><$b><$c>"
#### status
read a <<< x; echo $?
read a < /dev/null; echo "$? <$a>"
printf 'partial' | { read a; echo "$? <$a>"; }
#### arrays
read -a w <<< 'a b  c'; echo ${#w[@]} "${w[2]}"
IFS=, read -ra w <<< 'a,b c,,d'; echo ${#w[@]}; printf '<%s>' "${w[@]}"; echo
read -a w <<< ''; echo ${#w[@]}
#### delimiter
printf 'a;b;c' | { read -d ';' x; read -d ';' y; echo "<$x><$y>"; }
printf 'one\ntwo\0three\0' | { IFS= read -r -d '' x; IFS= read -r -d '' y; echo "<$x><$y>"; }
read -r -d '' text <<< $'multi\nline'; echo "$? <$text>"
#### number of characters
printf 'abcdef\n' | { read -n 3 x; read -n 2 y; echo "<$x><$y>"; }
printf 'ab\ncd\n' | { read -n 5 x; read -n 1 y; echo "<$x><$y>"; }
printf 'ab\ncd\n' | { read -N 4 x; echo "<$x>"; }
printf 'é→x' | { read -n 2 x; echo "<$x>"; }
#### zero characters
read -n 0 x <<< abc; echo "$? <$x>"
#### a timeout
read -t 0.05 x < <(sleep 0.5); echo $(($? > 128))
read -t 1 x <<< fast; echo "$? $x"
read -t 0 <<< data; echo $?
#### prompts are silent without a terminal
read -p 'prompt: ' x <<< v 2>&1; echo "$x"
read -s x <<< secret; echo $x
#### another descriptor
exec 4<<< $'l1\nl2'
read -u 4 a; read -u 4 b; echo $a $b
exec 4<&-
read -u 4 c 2>/dev/null; echo $?
#### standard input of the script
## stdin: first\nsecond line\n
read a; read b; read c; echo "$? <$a><$b><$c>"
#### loops over lines
## stdin: a\n b\n\nc
while IFS= read -r l; do echo "<$l>"; done; echo "rest <$l>"
#### loops with the last partial line
## stdin: x\ny
while read -r l || [[ $l ]]; do echo "<$l>"; done
#### reading from a file inside a loop that reads another
printf '1\n2\n' > f
printf 'a\nb\n' | while read -r x; do read -r y <&3; echo $x$y; done 3< f
#### invalid names
read 1a <<< x 2>&1; echo $?
read a-b <<< x 2>&1; echo $?
read 'x y' <<< x 2>/dev/null; echo $?
#### invalid options
read -Z 2>&1 | head -n 1
read -n x v <<< a 2>&1; echo $?
read -t x v <<< a 2>&1; echo $?
#### into array elements
read 'a[1]' 'a[3]' <<< 'x y z'; echo "${!a[@]}: ${a[1]},${a[3]}"
declare -A m; read 'm[k]' <<< val; echo ${m[k]}
#### into a readonly variable
readonly r=1
read r <<< x 2>&1; echo "$? $r"
#### variables are emptied at the end of input
a=old b=old
read a b < /dev/null; echo "<$a><$b>"
a=old; read -r a b <<< one; echo "<$a><$b>"
#### leading non-blank separators
IFS=: read a b <<< ':x'; echo "<$a><$b>"
IFS=: read a b <<< '::'; echo "<$a><$b>"
IFS=/ read -ra p <<< /usr/local/bin; echo ${#p[@]} "<${p[0]}>" ${p[3]}
#### tabs as separators are blanks
IFS=$'\t' read -r a b c <<< $'x\t\ty'; echo "<$a><$b><$c>"
#### csv with read
while IFS=, read -r name age city; do printf '%s is %s from %s\n' "$name" "$age" "$city"; done <<E
ann,30,rome
bob,,oslo
E
#### passwd like
while IFS=: read -r user _ uid _ _ home shell; do echo "$user $uid $home $shell"; done <<E
root:x:0:0:root:/root:/bin/sh
me:x:1000:1000:Me,,,:/home/me:/bin/bash
E
#### NUL bytes are dropped
printf 'a\0b\n' | { read x; echo "$x" ${#x}; } 2>/dev/null
#### carriage returns stay
printf 'a\r\n' | { read -r x; echo ${#x}; echo "${x%$'\r'}"; }
#### a delimiter other than newline and escapes
printf 'a\\;b;c' | { read -d ';' x; echo "<$x>"; }
printf 'a\\;b;c' | { read -r -d ';' x; echo "<$x>"; }
#### the rest of the input is left
printf '1\n2\n3\n' | { read -r a; cat; }
printf 'abcdef' | { read -n 2 x; cat; echo; }
#### empty lines
printf '\n\nx\n' | { read a; read b; read c; echo "<$a><$b><$c>"; }
#### interaction with a temporary IFS
IFS=:; read a b <<< 'x:y'; unset IFS; echo "<$a><$b>"
read a b <<< 'x:y z'; echo "<$a><$b>"
