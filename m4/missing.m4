# SPDX-License-Identifier: GPL-3.0-or-later
# SNAP_MISSING(DEBIAN PACKAGE)
# Note that something is not there; SNAP_STOP_IF_MISSING names all of it at once.
AC_DEFUN([SNAP_MISSING], [snap_missing="$snap_missing $1"])

# SNAP_NEED_LIBRARY(VARIABLE, PKG-CONFIG MODULES, DEBIAN PACKAGE)
AC_DEFUN([SNAP_NEED_LIBRARY], [PKG_CHECK_MODULES([$1], [$2], [], [SNAP_MISSING([$3])])])

AC_DEFUN([SNAP_STOP_IF_MISSING],
[AS_IF([test -n "$snap_missing"],
    [AC_MSG_ERROR([not all that gdb-snapshot is built with is here: install (by Debian's names)$snap_missing])])])
