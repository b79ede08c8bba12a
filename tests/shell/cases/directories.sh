#### cd and PWD
mkdir -p a/b
d=$PWD
cd a/b; echo "${PWD#$d}" "${OLDPWD#$d}."
cd ..; echo "${PWD#$d}"
cd "$d"; [ "$PWD" = "$d" ] && echo back
#### cd dash
mkdir a
cd a; cd - > /dev/null; [ -d a ] && echo home
cd - | sed 's,.*/,,'
#### cd without such a folder
cd nosuch 2>&1; echo $?
touch f; cd f 2>&1; echo $?
#### cd with too many arguments
mkdir a b
cd a b 2>&1; echo $?
#### cd home
mkdir h; HOME=$PWD/h
cd; basename "$PWD"
unset HOME; cd 2>&1; echo $?
#### cd empty
d=$PWD
cd ''; echo $?; [ "$PWD" = "$d" ] && echo same
#### cd without OLDPWD
unset OLDPWD
cd - 2>&1; echo $?
#### dots and slashes
mkdir -p a/b; d=$PWD
cd ./a/../a//b/.; echo "${PWD#$d}"
cd ../..; echo "<${PWD#$d}>"
cd /; pwd; cd //; cd /..; pwd
#### links logically and physically
mkdir -p real/sub; ln -s real/sub link; d=$PWD
cd link; echo "${PWD#$d}"; cd ..; echo "<${PWD#$d}>"
cd -P link; echo "${PWD#$d}"
cd "$d"; cd link; p=$(pwd -P); echo "${p#$(cd "$d"; pwd -P)}"; pwd -L | sed "s,$d,,"
#### cd -P dotdot
mkdir -p real/sub; ln -s real/sub link; d=$(pwd -P)
cd link; cd -P ..; echo "${PWD#$d}"
#### CDPATH
mkdir -p base/target other; d=$PWD
CDPATH=$d/base; cd target | sed "s,$d,,"
cd target > /dev/null; echo "${PWD#$d}"
cd "$d"; CDPATH=:base; cd other; echo "${PWD#$d}"
#### cd in subshells
mkdir a; (cd a && echo "${PWD##*/}"); [ -d a ] && echo still
#### PWD can be set but cd does not care
mkdir a; d=$PWD
PWD=/fake; cd a 2>/dev/null; echo $?
cd "$d/a"; basename "$PWD"
#### pwd
d=$PWD; [ "$(pwd)" = "$d" ] && echo same
mkdir a; cd a; pwd | sed "s,$d,,"
pwd extra > /dev/null 2>&1; echo $?
#### pushd and popd
mkdir a b; d=$PWD
pushd a > /dev/null; echo "${PWD#$d}"
pushd ../b > /dev/null; echo "${PWD#$d}"
dirs -p | sed "s,$d,,"
popd > /dev/null; echo "${PWD#$d}"
popd > /dev/null; echo "<${PWD#$d}>"
popd 2>/dev/null; echo $?
#### pushd prints the stack
mkdir a; d=$PWD
pushd a | sed "s,$d,D,g"
pushd a > /dev/null; dirs | sed "s,$d,D,g"
popd | sed "s,$d,D,g"
#### pushd swaps
mkdir a; d=$PWD
pushd a > /dev/null
pushd > /dev/null; echo "<${PWD#$d}>"
pushd > /dev/null; echo "<${PWD#$d}>"
#### pushd rotates
mkdir a b c; d=$PWD
for x in a b c; do pushd "$d/$x" > /dev/null; done
dirs -v | sed "s,$d,D,"
pushd +1 > /dev/null; dirs -p | sed "s,$d,D,"
pushd -0 > /dev/null; dirs -p | sed "s,$d,D,"
#### popd of an entry
mkdir a b c; d=$PWD
for x in a b c; do pushd "$d/$x" > /dev/null; done
popd +1 > /dev/null; dirs -p | sed "s,$d,D,"
popd -0 > /dev/null; dirs -p | sed "s,$d,D,"
#### pushd errors
pushd nosuch 2>&1; echo $?
pushd 2>&1; echo $?
popd 2>&1; echo $?
pushd +5 2>&1; echo $?
#### -n does not change the folder
mkdir a; d=$PWD
pushd -n "$d/a" > /dev/null; [ "$PWD" = "$d" ] && echo stayed
dirs -p | sed "s,$d,D,"
popd -n > /dev/null; dirs -p | sed "s,$d,D,"
#### dirs -c and -l
mkdir a; d=$PWD
pushd a > /dev/null; dirs -c; dirs -p | sed "s,$d,D,"
HOME=$d; dirs; dirs -l | sed "s,$d,D,"
dirs +0; dirs +3 2>/dev/null; echo $?
#### DIRSTACK
mkdir a b; d=$PWD
pushd a > /dev/null; pushd ../b > /dev/null
echo ${#DIRSTACK[@]} "${DIRSTACK[1]#$d}"
#### a removed folder
mkdir gone; cd gone; rmdir ../gone 2>/dev/null || rm -r ../gone
cd .. ; echo $?
#### umask
umask 022; umask; umask -S
umask 077; umask; umask -p
umask u=rwx,g=rx,o=; umask
umask g+w; umask
umask a=r; umask -S
#### umask errors
umask 999 2>/dev/null; echo $?
umask u=q 2>/dev/null; echo $?
umask
#### umask acts on new files
umask 077; : > private; umask 022; : > public
find . -type f -perm 600 | sort; find . -type f -perm 644 | sort
#### cd prints with CDPATH and dash only
mkdir -p x; d=$PWD
cd x; cd "$d"; cd ./x; cd - | sed "s,$d,D,"
#### loops over folders
mkdir -p p/a p/b; touch p/a/1 p/b/2
for d in p/*/; do (cd "$d" && echo "$d: $(echo *)"); done
#### script folder idiom
mkdir lib; echo 'dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); echo "${dir##*/}"' > lib/s
. lib/s
