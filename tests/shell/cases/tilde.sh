#### alone and with a path
echo ~ ~/ ~/a/b
HOME=/h
echo ~ ~/x
#### only at the start of a word
echo a~ a/~ ~a~ ./~ x~/y
#### in quotes
echo "~" '~' \~ "~/a" ~"/a" '~'/a
#### in assignments
HOME=/h
x=~ y=~/b z=a:~:~/c w=a~
echo $x $y $z $w
#### after equals in arguments
HOME=/h
echo a=~ --x=~/y x:~
#### export and declare
HOME=/h
export E=~/e; declare D=~/d:~
local_f() { local L=~/l; echo $L; }
echo $E $D; local_f
#### plus and minus
mkdir a b
cd a; cd ../b
[ ~+ = "$PWD" ] && echo plus
[ ~- = "$OLDPWD" ] && echo minus
basename ~-
#### unset HOME pieces
HOME=
echo "<"~">" "<"~/x">"
#### an unknown user
echo ~no_such_user_xyz ~no_such_user_xyz/a
#### not from expansion
x='~'
echo $x "$x" ${x}/a
#### in case and double brackets
HOME=/h
case /h in ~) echo match;; esac
[[ /h == ~ ]] && echo match
[[ ~/x == /h/x ]] && echo match
#### in parameter expansion words
HOME=/h
unset u
echo ${u:-~} ${u:-~/x} "${u:-~}"
v=/h/x
echo ${v#~} ${v/~/H}
#### HOME with spaces is not split
HOME='/h o'
printf '<%s>' ~ ~/x; echo
#### HOME with glob characters is not globbed
touch ab
HOME='a*'
echo ~
#### in here-documents and here-strings
HOME=/h
cat <<E
~ ~/x
E
cat <<< ~
#### in arrays
HOME=/h
a=(~ ~/x "~")
echo "${a[@]}"
a[0]=~/y
echo "${a[0]}"
#### in redirections
HOME=$PWD
echo hi > ~/out
cat ~/out
#### temporary assignments
HOME=/h
A=~/t env | grep '^A='
#### for and braces
HOME=/h
for d in ~/{a,b} ~; do echo $d; done
#### dirstack tildes
mkdir d1 d2
pushd d1 > /dev/null; pushd ../d2 > /dev/null
basename ~0; basename ~1; basename ~+1
[ ~-0 = ~2 ] && echo bottom
#### tilde with number out of range
echo ~9 ~+9 ~-9
#### backslash in the name
HOME=/h
echo ~\x ~'x' ~/\x
#### PATH like assignment
HOME=/h
P=/bin:~/bin:~; echo $P
P="$P:~/x"; echo $P
P+=:~/y; echo $P
#### in printf format
HOME=/h
printf '%s\n' ~/a ~
