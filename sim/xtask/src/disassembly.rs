// SPDX-License-Identifier: Apache-2.0
//! What `objdump -d` says of an Arm image: its functions with their addresses, calls, instructions and what each takes of the stack.
//!
//! A call through a pointer has no name there: what stands behind one is for the caller to say.

use std::collections::{BTreeMap, BTreeSet};

/// One function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Function {
    /// Name; those of static functions may be there more than once.
    pub name: String,
    /// Its instructions, each once.
    pub instructions: u64,
    /// What it takes of the stack by itself, in bytes.
    pub frame: u64,
    /// Addresses of what it calls, or jumps to.
    pub calls: BTreeSet<u64>,
}

/// All functions by address.
pub(crate) struct Disassembly {
    functions: BTreeMap<u64, Function>,
}

impl Disassembly {
    /// From the text of `objdump -d --no-show-raw-insn`.
    pub(crate) fn new(text: &str) -> Self {
        let mut functions: BTreeMap<u64, Function> = BTreeMap::new();
        let mut here = 0;
        for line in text.lines() {
            if let Some((address, rest)) = line.split_once(" <")
                && let Some(name) = rest.strip_suffix(">:")
                && let Ok(address) = u64::from_str_radix(address, 16)
            {
                here = address;
                functions.entry(here).or_default().name = name.to_string();
                continue;
            }
            let mut fields = line.split('\t').skip(1);
            if let (Some(operation), Some(function)) = (fields.next(), functions.get_mut(&here)) {
                function.add(operation.trim(), fields.next().unwrap_or_default());
            }
        }
        Self { functions }
    }

    /// The first function of that name.
    pub(crate) fn get(&self, name: &str) -> Option<u64> {
        self.functions.iter().find(|(_, function)| function.name == name).map(|(address, _)| *address)
    }

    /// The function at an address.
    pub(crate) fn at(&self, address: u64) -> Option<&Function> {
        self.functions.get(&address)
    }

    /// Its name.
    pub(crate) fn name(&self, address: u64) -> &str {
        self.at(address).map_or("?", |function| &function.name)
    }

    /// What is called at an address: the linker's way to a far function leads there.
    fn behind(&self, address: u64) -> u64 {
        let far = self.name(address).strip_prefix("__").and_then(|name| name.strip_suffix("_veneer"));
        far.and_then(|name| self.get(name)).unwrap_or(address)
    }

    /// Addresses of everything that these functions reach by calls, theirs among it; each with that of who called it first.
    pub(crate) fn reached(&self, roots: &[&str]) -> BTreeMap<u64, u64> {
        let mut found = BTreeMap::new();
        let mut next: Vec<(u64, u64)> =
            roots.iter().filter_map(|root| self.get(root)).map(|root| (root, root)).collect();
        while let Some((address, caller)) = next.pop() {
            let address = self.behind(address);
            if let (Some(function), false) = (self.at(address), found.contains_key(&address)) {
                found.insert(address, caller);
                next.extend(function.calls.iter().map(|call| (*call, address)));
            }
        }
        found
    }

    /// The most that a call of this function takes of the stack, without what calls through pointers take; a recursion is counted once.
    pub(crate) fn deepest(&self, name: &str) -> u64 {
        self.get(name).map_or(0, |address| self.deepest_below(address, &mut Vec::new(), &mut BTreeMap::new()))
    }

    fn deepest_below(&self, address: u64, path: &mut Vec<u64>, known: &mut BTreeMap<u64, u64>) -> u64 {
        let address = self.behind(address);
        if let Some(bytes) = known.get(&address) {
            return *bytes;
        }
        let (Some(function), false) = (self.at(address), path.contains(&address)) else { return 0 };
        path.push(address);
        let below =
            function.calls.iter().map(|call| self.deepest_below(*call, path, known)).max().unwrap_or(0);
        path.pop();
        known.insert(address, function.frame + below);
        function.frame + below
    }
}

impl Function {
    fn add(&mut self, operation: &str, operands: &str) {
        self.instructions += 1;
        let base = operation.split('.').next().unwrap_or_default();
        match base {
            "push" => self.frame += 4 * registers(operands),
            "stmdb" if operands.starts_with("sp!") => self.frame += 4 * registers(operands),
            "vpush" => self.frame += if operands.contains('d') { 8 } else { 4 } * registers(operands),
            "sub" | "subw" if operands.starts_with("sp, ") => {
                self.frame += operands.split('#').nth(1).map_or(0, number);
            }
            _ => {}
        }
        // A jump within a function is shown as NAME+OFFSET.
        if base.starts_with('b')
            && let Some((address, target)) = operands.rsplit_once(" <")
            && !target.contains('+')
            && let Some(Ok(address)) =
                address.split_whitespace().last().map(|word| u64::from_str_radix(word, 16))
        {
            self.calls.insert(address);
        }
    }
}

fn number(text: &str) -> u64 {
    text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// How many registers stand in a list as `{r4, r5, lr}` or `{d8-d15}`.
fn registers(operands: &str) -> u64 {
    let list = operands.split(['{', '}']).nth(1).unwrap_or_default();
    list.split(',')
        .map(|part| match part.trim().split_once('-') {
            Some((first, last)) => number(&last[1..]).saturating_sub(number(&first[1..])) + 1,
            None => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
08000100 <outer>:
 8000100:\tpush\t{r4, r5, lr}
 8000102:\tvpush\t{d8-d11}
 8000104:\tsub.w\tsp, sp, #1024\t@ 0x400
 8000106:\tbl\t8000200 <inner>
 8000108:\tbne.n\t8000106 <outer+0x6>
 800010a:\tblx\tr3
 800010c:\tb.w\t20 <__tail_veneer>

00000010 <tail>:
  10:\tstmdb\tsp!, {r4, r5, r6, r7, r8, r9, sl, fp, lr}
  12:\tbx\tlr

00000020 <__tail_veneer>:
  20:\tldr.w\tpc, [pc, #0]

08000200 <inner>:
 8000200:\tpush\t{r7, lr}
 8000202:\tbl\t8000300 <__aeabi_memcpy>
";

    #[test]
    fn functions_have_their_calls_and_frames() {
        let image = Disassembly::new(TEXT);
        let outer = image.get("outer").and_then(|address| image.at(address)).expect("it is there");
        assert_eq!((outer.instructions, outer.frame), (7, 12 + 32 + 1024));
        assert_eq!(outer.calls, [0x0800_0200, 0x20].into());
        assert_eq!(image.deepest("outer"), 1068 + 36);
        let reached = [(0x0800_0100, 0x0800_0100), (0x0800_0200, 0x0800_0100), (0x10, 0x0800_0100)];
        assert_eq!(image.reached(&["outer"]), reached.into(), "through the way to a far function");
    }

    #[test]
    fn a_recursion_ends() {
        let image = Disassembly::new(
            "00000001 <a>:\n 1:\tpush\t{r4}\n 3:\tbl\t2 <b>\n\n00000002 <b>:\n 2:\tbl\t1 <a>\n",
        );
        assert_eq!(image.deepest("a"), 4);
    }
}
