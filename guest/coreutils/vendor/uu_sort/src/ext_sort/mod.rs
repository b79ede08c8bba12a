// This file is part of the uutils coreutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

//! External sort: sort large inputs that may not fit in memory.

mod wasi;
// `self::` needed to disambiguate from the `wasi` crate
pub use self::wasi::ext_sort;
