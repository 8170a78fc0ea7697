# SPDX-License-Identifier: GPL-3.0-or-later
# SNAP_GDB_ASK(WHAT, VARIABLE, PYTHON EXPRESSION)
# Let GDB itself say something about itself; empty if it cannot.
AC_DEFUN([SNAP_GDB_ASK],
[AC_CACHE_CHECK([$1], [$2],
    [$2=`"$GDB" -nx -batch -ex 'python import gdb, sys, sysconfig; print($3)' 2>&AS_MESSAGE_LOG_FD </dev/null`])])

# SNAP_GDB
# The GDB to extend, and the Python inside it: not the python3 in PATH.
# Sets GDB, PYTHON3 and GDB_PYTHON_CFLAGS.
AC_DEFUN([SNAP_GDB],
[AC_ARG_VAR([GDB], [the GDB that the extension is for])
AC_ARG_VAR([PYTHON3], [the Python outside of GDB that runs the tests: of the version inside GDB])
AS_IF([test "$cross_compiling" = yes], [SNAP_GDB_FOREIGN], [SNAP_GDB_HERE])
AS_CASE([$snap_cv_gdb_python],
    [[2.*|3.[0-9]]], [AC_MSG_ERROR([the Python inside $GDB is $snap_cv_gdb_python, and gdb-snapshot needs 3.10 or later: set GDB= to another GDB])])

snap_save_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$CPPFLAGS -I$snap_cv_gdb_python_include"
AC_CHECK_HEADER([Python.h], [], [SNAP_MISSING([python3-dev])])
CPPFLAGS=$snap_save_CPPFLAGS
AC_SUBST([GDB_PYTHON_CFLAGS], ["-isystem $snap_cv_gdb_python_include"])
])

# SNAP_GDB_HERE
# A GDB that runs on this machine is asked.
AC_DEFUN([SNAP_GDB_HERE],
[AC_PATH_PROG([GDB], [gdb], [no])
AS_IF([test "$GDB" = no], [AC_MSG_ERROR([there is no gdb here: install it (Debian: gdb), or set GDB=])])
AS_IF(["$GDB" --version >&AS_MESSAGE_LOG_FD 2>&1 </dev/null], [],
    [AC_MSG_ERROR([$GDB does not run: set GDB= to a GDB that does])])

SNAP_GDB_ASK([which GDB $GDB is], [snap_cv_gdb_version], [gdb.VERSION])
AS_IF([test -z "$snap_cv_gdb_version"],
    [AC_MSG_ERROR([$GDB has no Python inside: set GDB= to one that has (Debian: gdb, not gdb-minimal)])])
AS_CASE([$snap_cv_gdb_version],
    [[[0-9].*|1[01].*]], [AC_MSG_ERROR([$GDB is version $snap_cv_gdb_version, and gdb-snapshot needs 12 or later: set GDB= to a newer one])])

SNAP_GDB_ASK([which Python is inside it], [snap_cv_gdb_python], [["%d.%d" % sys.version_info[:2]]])
SNAP_GDB_ASK([for the headers of that Python], [snap_cv_gdb_python_include], [[sysconfig.get_path("include")]])
AC_PATH_PROGS([PYTHON3], [python$snap_cv_gdb_python python3], [no], [/usr/bin$PATH_SEPARATOR$PATH])
AS_IF([test "$PYTHON3" = no], [SNAP_MISSING([python3])])
])

# SNAP_GDB_FOREIGN
# A GDB of another machine does not run here: its file in the compiler's sysroot says
# which Python it is linked with. GDB and PYTHON3 are where they will be there.
AC_DEFUN([SNAP_GDB_FOREIGN],
[: ${GDB=/usr/bin/gdb}
AC_CHECK_TOOL([READELF], [readelf], [no])
AS_IF([test "$READELF" = no], [AC_MSG_ERROR([there is no readelf here: install it (Debian: binutils), or set READELF=])])
AC_CACHE_CHECK([for the sysroot of $CC], [snap_cv_sysroot], [snap_cv_sysroot=`$CC $CFLAGS -print-sysroot`])
AC_CACHE_CHECK([which Python is inside its $GDB], [snap_cv_gdb_python],
    [snap_cv_gdb_python=`LC_ALL=C "$READELF" -d "$snap_cv_sysroot$GDB" 2>&AS_MESSAGE_LOG_FD |
        sed -n 's/.*NEEDED.*libpython\(3\.@<:@0-9@:>@*\).*/\1/p'`])
AS_IF([test -z "$snap_cv_gdb_python"],
    [AC_MSG_ERROR([$snap_cv_sysroot$GDB is not there or not linked with Python: set GDB= to the name that it has below the sysroot, or CC="COMPILER --sysroot=FOLDER"])])
snap_cv_gdb_version=$snap_cv_sysroot$GDB
snap_cv_gdb_python_include=$snap_cv_sysroot/usr/include/python$snap_cv_gdb_python
: ${PYTHON3=/usr/bin/python$snap_cv_gdb_python}
])

# SNAP_GDBINIT_DIR
# Where every GDB on the machine finds the commands by itself. Sets gdbinitdir, and
# HAVE_GDBINIT_DIR for the Makefile.
AC_DEFUN([SNAP_GDBINIT_DIR],
[AC_ARG_WITH([gdbinit-dir],
    [AS_HELP_STRING([--with-gdbinit-dir=DIR],
        [also install into GDB's system gdbinit.d, so that every gdb has the commands; auto: where GDB says it is @<:@no@:>@])],
    [AS_IF([test "$withval" = yes], [with_gdbinit_dir=auto])], [with_gdbinit_dir=no])
AS_IF([test "$with_gdbinit_dir" = auto],
    [SNAP_GDB_ASK([where GDB looks for gdbinit files], [snap_cv_gdbinit_dir],
        [["".join(word[26:] for word in gdb.execute("show configuration", to_string=True).split() if word.startswith("--with-system-gdbinit-dir="))]])
    AS_IF([test -z "$snap_cv_gdbinit_dir"],
        [AC_MSG_ERROR([$GDB has no folder for gdbinit files: name one, or leave out --with-gdbinit-dir])])
    with_gdbinit_dir=$snap_cv_gdbinit_dir])
AS_CASE([$with_gdbinit_dir],
    [no], [gdbinitdir=],
    [/*|'${'*], [gdbinitdir=$with_gdbinit_dir],
    [AC_MSG_ERROR([--with-gdbinit-dir=$with_gdbinit_dir is not an absolute folder, "auto" or "no"])])
AC_SUBST([gdbinitdir])
])
