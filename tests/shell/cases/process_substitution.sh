#### reading
cat <(echo hello)
cat <(echo a) <(echo b)
#### as a redirection
while read -r l; do echo "<$l>"; done < <(printf 'x\ny\n')
#### variables survive
n=0
while read -r l; do n=$((n + l)); done < <(seq 10)
echo $n
#### comparing
diff <(printf '1\n2\n') <(printf '1\n2\n') && echo same
diff <(echo a) <(echo b); echo $?
cmp -s <(echo x) <(echo x) && echo equal
#### joining files
paste_() { while read -r a <&3 && read -r b <&4; do echo "$a-$b"; done 3< <(echo 1; echo 2) 4< <(echo x; echo y); }
paste_
#### writing
echo data | tee >(cat > out1) > /dev/null
sleep 0.2
cat out1
#### output to a substitution with wait
echo hello > >(tr a-z A-Z > up)
wait $!
sleep 0.2
cat up
#### mapfile from a substitution
mapfile -t lines < <(printf 'a b\nc\n')
echo ${#lines[@]} "${lines[0]}"
#### the name is a path
f() { [ -e "$1" ] && echo exists; cat "$1"; }
f <(echo content)
#### nested
cat <(cat <(echo deep))
#### in an assignment of a function's arguments
show() { for p; do cat "$p"; done; }
show <(echo 1) <(echo 2) <(echo 3)
#### sort and comm like
sort -m <(printf '1\n3\n') <(printf '2\n4\n') | tr '\n' ' '; echo
#### with arguments in quotes
cat <(echo "a  b" 'c)d')
echo "<(not one)" '<(x)'
#### the status of a substitution does not matter
cat <(echo x; exit 3); echo $?
true <(false); echo $?
#### early end of the reader
head -n 2 <(seq 100000)
echo done
#### reading on an own descriptor
exec 5< <(printf 'l1\nl2\n')
read -r a <&5; read -r b <&5
echo "$a $b"
exec 5<&-
#### source from a substitution
source <(echo 'v=5; f() { echo "f $v"; }')
f
#### grep patterns from a substitution
printf 'apple\nbanana\ncherry\n' | grep -f <(printf 'an\nch\n')
#### variables are those of the parent
x=outer
cat <(echo $x; x=inner)
echo $x
#### redirect stderr into one
f() { echo out; echo err >&2; }
f 2> >(sed 's/^/E:/' > log)
sleep 0.2
cat log
#### large data
wc -l < <(seq 50000) | tr -d ' '
#### in a loop
for i in 1 2 3; do cat <(echo "i=$i"); done
#### find with NUL
touch 'a b' c
while IFS= read -r -d '' f; do echo "<$f>"; done < <(find . -type f -print0 | sort -z)
#### two readers of the same
f() { cat "$1" "$2"; }
f <(echo one) <(echo two) | tr '\n' ' '; echo
