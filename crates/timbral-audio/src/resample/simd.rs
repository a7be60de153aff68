//! The choice of the instruction set.

#[cfg(test)]
mod instruction_sets;

/// The best instruction set of this machine, detected at run time.
pub(super) fn arch() -> pulp::Arch {
    #[cfg(test)]
    if let Some(chosen) = instruction_sets::chosen() {
        return chosen;
    }
    pulp::Arch::new()
}
