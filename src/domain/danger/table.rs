//! The calls that this program knows, and how dangerous each is.
//!
//! In: the name of a call. Out: its class and why. The classes follow the catalogue (ACTIONS §1); where a call can do more
//! than its row says, it is graver here, never milder. What is not listed is root. Must not look into wrappers.

use super::Class::{self, Amber, Green, Red, Root};
use crate::domain::call::{Call, Node};

/// A call that carries calls.
pub(super) struct Wrapper {
    pub(super) path: &'static str,
    /// The arguments that are calls, or lists of calls.
    pub(super) inside: &'static [&'static str],
    /// What the wrapper itself adds.
    pub(super) class: Class,
    /// Why it adds anything; empty where it does not.
    pub(super) why: &'static str,
}

impl Wrapper {
    pub(super) fn words(&self) -> &'static str {
        if self.why.is_empty() { "carries no call" } else { self.why }
    }
}

const fn plain(path: &'static str, inside: &'static [&'static str]) -> Wrapper {
    Wrapper { path, inside, class: Green, why: "" }
}

const fn graver(path: &'static str, class: Class, why: &'static str) -> Wrapper {
    Wrapper { path, inside: &["call"], class, why }
}

const LATER: &str = "runs later, in a state that nobody has rehearsed";

/// Every wrapper that is looked through.
pub(super) const WRAPPERS: &[Wrapper] = &[
    plain("Sudo.sudo", &["call"]),
    plain("Sudo.sudo_as", &["call"]),
    graver("Sudo.sudo_unchecked_weight", Amber, "the block builder believes the stated weight"),
    plain("Proxy.proxy", &["call"]),
    plain("Proxy.proxy_announced", &["call"]),
    plain("Multisig.as_multi", &["call"]),
    plain("Multisig.as_multi_threshold_1", &["call"]),
    plain("Utility.batch", &["calls"]),
    plain("Utility.batch_all", &["calls"]),
    plain("Utility.force_batch", &["calls"]),
    plain("Utility.as_derivative", &["call"]),
    plain("Utility.dispatch_as", &["call"]),
    plain("Utility.dispatch_as_fallible", &["call"]),
    graver("Utility.with_weight", Amber, "the block builder believes the stated weight"),
    plain("Utility.if_else", &["main", "fallback"]),
    graver("Scheduler.schedule", Amber, LATER),
    graver("Scheduler.schedule_after", Amber, LATER),
    graver("Scheduler.schedule_named", Amber, LATER),
    graver("Scheduler.schedule_named_after", Amber, LATER),
];

pub(super) fn wrapper(path: &str) -> Option<&'static Wrapper> {
    WRAPPERS.iter().find(|w| w.path == path)
}

/// Calls that `SafeSudo` filters, besides all of Proxy, Scheduler and Preimage.
pub(super) const SAFE_SUDO_FILTERS: &[&str] =
    &["System.set_storage", "System.kill_storage", "System.kill_prefix", "Sudo.set_key", "Sudo.remove_key"];

/// Calls of one pallet with one class and one reason.
struct Known(&'static str, &'static [&'static str], Class, &'static str);

/// Every call that is known and wraps nothing.
const KNOWN: &[Known] = &[
    Known("System", &["remark", "remark_with_event"], Green, "writes nothing"),
    Known("System", &["kill_storage"], Red, "removes raw storage of Paras, Dmp or Configuration"),
    Known("System", &["set_storage"], Red, "writes raw storage of Paras, Dmp or Configuration"),
    Known("System", &["set_code", "set_code_without_checks"], Red, "replaces the runtime of the chain"),
    Known(
        "System",
        &["authorize_upgrade", "authorize_upgrade_without_checks", "apply_authorized_upgrade"],
        Red,
        "replaces the runtime of the chain",
    ),
    // Paras.
    Known("Registrar", &["remove_lock"], Green, "the manager can replace head and code of the para"),
    Known("Registrar", &["add_lock"], Green, "takes head and code out of the manager's hands"),
    Known("Paras", &["force_set_current_head", "force_note_new_head"], Red, "replaces the head of the para"),
    Known("Paras", &["force_set_current_code"], Red, "replaces the code of the para, unchecked"),
    Known(
        "Paras",
        &["authorize_force_set_current_code_hash", "apply_authorized_force_set_current_code"],
        Red,
        "replaces the code of the para, unchecked",
    ),
    Known("Paras", &["force_schedule_code_upgrade"], Amber, "replaces the code of the para after a check"),
    Known("Registrar", &["schedule_code_upgrade"], Amber, "replaces the code of the para after a check"),
    Known("Paras", &["add_trusted_validation_code"], Amber, "the validators do not check this code"),
    Known("Paras", &["poke_unused_validation_code"], Amber, "removes code that no para uses"),
    Known("Paras", &["remove_upgrade_cooldown"], Green, "burns tokens of the caller"),
    Known("Paras", &["force_set_most_recent_context"], Green, "candidates built on older blocks are refused"),
    Known("Paras", &["force_queue_action"], Green, "enacts what the lifecycle of the para says"),
    Known("Registrar", &["force_register"], Amber, "a new para with its head and code"),
    Known("Registrar", &["deregister"], Red, "removes the para for good"),
    Known("ParaSudoWrapper", &["sudo_schedule_para_initialize"], Amber, "a new para, perhaps with a core"),
    Known("ParaSudoWrapper", &["sudo_schedule_para_cleanup"], Red, "removes the para for good"),
    Known(
        "ParaSudoWrapper",
        &["sudo_schedule_parathread_upgrade", "sudo_schedule_parachain_downgrade"],
        Green,
        "changes the lifecycle of the para, not its core",
    ),
    Known("ParasDisputes", &["force_unfreeze"], Green, "an unresolved candidate counts as valid"),
    Known("Initializer", &["force_approve"], Green, "blocks count as approved"),
    Known("MessageQueue", &["execute_overweight"], Green, "runs a message of the para"),
    Known("MessageQueue", &["reap_page"], Green, "removes a stale page of messages"),
    // HRMP and XCM.
    Known(
        "Hrmp",
        &["force_open_hrmp_channel"],
        Amber,
        "sends notices to both paras; a para with a broken DMP queue breaks further",
    ),
    Known(
        "ParaSudoWrapper",
        &["sudo_establish_hrmp_channel"],
        Amber,
        "sends notices to both paras; a para with a broken DMP queue breaks further",
    ),
    Known("Hrmp", &["establish_system_channel"], Green, "opens a channel between system chains"),
    Known("Hrmp", &["force_process_hrmp_open"], Green, "opens every confirmed request"),
    Known("Hrmp", &["hrmp_close_channel", "force_process_hrmp_close"], Amber, "cuts XCM between two paras"),
    Known(
        "Hrmp",
        &["hrmp_accept_open_channel", "hrmp_cancel_open_request"],
        Green,
        "answers a request for a channel",
    ),
    Known("Hrmp", &["poke_channel_deposits"], Green, "corrects deposits"),
    Known("Hrmp", &["force_clean_hrmp"], Red, "removes every channel of the para and what is in them"),
    Known(
        "XcmPallet",
        &[
            "force_xcm_version",
            "force_default_xcm_version",
            "force_subscribe_version_notify",
            "force_unsubscribe_version_notify",
        ],
        Green,
        "a wrong version breaks messages to that chain",
    ),
    Known("XcmPallet", &["force_suspension"], Red, "halts or resumes all messages to the chain"),
    Known("PolkadotXcm", &["force_suspension"], Red, "halts or resumes all messages to the chain"),
    Known("XcmPallet", &["claim_assets"], Green, "moves trapped assets to who is named"),
    Known("PolkadotXcm", &["claim_assets"], Green, "moves trapped assets to who is named"),
    Known("XcmpQueue", &["resume_xcm_execution"], Green, "queued messages run in a burst"),
    Known(
        "XcmpQueue",
        &["update_suspend_threshold", "update_drop_threshold", "update_resume_threshold"],
        Green,
        "changes when channels are suspended",
    ),
    Known("XcmpQueue", &["suspend_xcm_execution"], Red, "halts messages between the paras"),
    // Coretime.
    Known("Coretime", &["assign_core"], Amber, "replaces what holds the core"),
    Known("Coretime", &["request_core_count"], Amber, "fewer cores drop paras"),
    Known("Coretime", &["credit_account"], Green, "gives credit for single blocks"),
    Known("Broker", &["reserve", "unreserve"], Green, "from the next sale on"),
    Known("Broker", &["force_reserve"], Amber, "evicts what holds the core"),
    Known("Broker", &["start_sales"], Amber, "starts the cycle of sales again"),
    Known(
        "Broker",
        &["configure", "set_lease", "remove_lease", "request_core_count"],
        Green,
        "changes the sale of cores",
    ),
    Known(
        "OnDemand",
        &["place_order_allow_death", "place_order_keep_alive", "place_order_with_credits"],
        Green,
        "pays for one block",
    ),
    Known("Slots", &["force_lease"], Green, "a lease gives no core any more"),
    Known("Slots", &["clear_all_leases"], Green, "frees the deposits of the para's leases"),
    // Configuration. New setters are not listed, and so root, until somebody has looked at them.
    Known("Configuration", CONFIGURATION, Amber, "for every para, after two session changes"),
    Known(
        "Configuration",
        &["set_bypass_consistency_check"],
        Red,
        "an inconsistent configuration can halt the relay",
    ),
    Known("Parameters", &["set_parameter"], Amber, "a wrong size drops every validator set"),
    // Validators.
    Known("StakingAhClient", &["set_mode"], Red, "moves the election of validators to another chain"),
    Known("StakingAhClient", &["validator_set"], Red, "replaces the validators"),
    Known("StakingAhClient", &["set_keys_from_ah"], Amber, "wrong keys never author, and are not checked"),
    Known("StakingAhClient", &["purge_keys_from_ah"], Amber, "a validator without keys is not elected"),
    Known("Session", &["set_keys", "purge_keys"], Amber, "wrong keys never author"),
    Known(
        "Staking",
        &["set_validator_count", "set_invulnerables", "force_new_era", "force_no_eras"],
        Amber,
        "changes the next election of validators",
    ),
    Known("MultiBlockElection", &["manage", "admin"], Amber, "may seat a poor set of validators"),
    Known("Grandpa", &["note_stalled"], Red, "a wrong block forks finality"),
    Known("CollatorSelection", &["add_invulnerable"], Green, "one more collator"),
    Known(
        "CollatorSelection",
        &["remove_invulnerable", "set_invulnerables"],
        Amber,
        "without collators the chain stands still",
    ),
    // Balances and access.
    Known(
        "Balances",
        &["force_transfer", "transfer_allow_death", "transfer_keep_alive", "transfer_all"],
        Amber,
        "moves funds",
    ),
    Known("Balances", &["force_set_balance"], Red, "mints or burns: it sets, it does not add"),
    Known("Balances", &["force_adjust_total_issuance"], Amber, "changes the total issuance"),
    Known("Balances", &["force_unreserve"], Green, "frees a reserve"),
    Known("Proxy", &["add_proxy"], Red, "whoever is added acts for the account"),
    Known("Proxy", &["remove_proxy"], Amber, "takes the right to act for the account away"),
    Known("Multisig", &["cancel_as_multi"], Green, "drops a pending operation"),
    Known("Preimage", &["note_preimage", "unnote_preimage"], Green, "stores or removes bytes"),
    Known("Sudo", &["set_key"], Red, "hands the root key to another account"),
    Known("Sudo", &["remove_key"], Root, "nobody holds the root key afterwards, for ever"),
    Known("Multisig", &["approve_as_multi"], Root, "carries only the hash of a call, which can be any call"),
];

const CONFIGURATION: &[&str] = &[
    "set_validation_upgrade_cooldown",
    "set_validation_upgrade_delay",
    "set_code_retention_period",
    "set_max_code_size",
    "set_max_pov_size",
    "set_max_head_data_size",
    "set_coretime_cores",
    "set_group_rotation_frequency",
    "set_paras_availability_period",
    "set_scheduling_lookahead",
    "set_max_validators_per_core",
    "set_max_validators",
    "set_dispute_period",
    "set_dispute_post_conclusion_acceptance_period",
    "set_no_show_slots",
    "set_n_delay_tranches",
    "set_zeroth_delay_tranche_width",
    "set_needed_approvals",
    "set_relay_vrf_modulo_samples",
    "set_max_upward_queue_count",
    "set_max_upward_queue_size",
    "set_max_downward_message_size",
    "set_max_upward_message_size",
    "set_max_upward_message_num_per_candidate",
    "set_hrmp_open_request_ttl",
    "set_hrmp_sender_deposit",
    "set_hrmp_recipient_deposit",
    "set_hrmp_channel_max_capacity",
    "set_hrmp_channel_max_total_size",
    "set_hrmp_max_parachain_inbound_channels",
    "set_hrmp_channel_max_message_size",
    "set_hrmp_max_parachain_outbound_channels",
    "set_hrmp_max_message_num_per_candidate",
    "set_pvf_voting_ttl",
    "set_minimum_validation_upgrade_delay",
    "set_async_backing_params",
    "set_executor_params",
    "set_on_demand_base_fee",
    "set_on_demand_fee_variability",
    "set_on_demand_queue_max_size",
    "set_on_demand_target_queue_utilization",
    "set_minimum_backing_votes",
    "set_node_feature",
    "set_approval_voting_params",
    "set_scheduler_params",
    "set_max_relay_parent_session_age",
];

/// Class and reason of a call that wraps nothing; none where it is not known.
pub(super) fn known(pallet: &str, name: &str) -> Option<(Class, &'static str)> {
    let row = KNOWN.iter().find(|row| row.0 == pallet && row.1.contains(&name))?;
    Some((row.2, row.3))
}

/// Every name in this table.
pub(super) fn paths() -> impl Iterator<Item = String> {
    let plain = KNOWN.iter().flat_map(|row| row.1.iter().map(|name| format!("{}.{name}", row.0)));
    let messages = super::xcm::CARRYING.iter().map(|path| (*path).to_owned());
    plain.chain(WRAPPERS.iter().map(|w| w.path.to_owned())).chain(messages)
}

/// Storage prefixes that the catalogue writes to: Paras, Dmp, Configuration.
pub(super) const WRITABLE: &[(&str, [u8; 16])] = &[
    ("Paras", 0xcd71_0b30_bd2e_ab03_52dd_cc26_417a_a194_u128.to_be_bytes()),
    ("Dmp", 0x63f7_8c98_723d_dc90_7352_3ef3_beef_da0c_u128.to_be_bytes()),
    ("Configuration", 0x06de_3d8a_54d2_7e44_a9d5_ce18_9618_f22d_u128.to_be_bytes()),
];

/// A class that only the arguments tell; none where the name is enough.
pub(super) fn by_argument(call: &Call) -> Option<(Class, &'static str)> {
    let outside =
        "writes storage outside of Paras, Dmp and Configuration, which can be the code or the root key";
    let ours = |key: Option<&Node>| matches!(key, Some(Node::Bytes(key)) if WRITABLE.iter().any(|(_, prefix)| key.starts_with(prefix)));
    let fine = match (call.path().as_str(), call.args.first()) {
        ("System.kill_storage", Some((_, Node::List(keys)))) => keys.iter().all(|key| ours(Some(key))),
        ("System.set_storage", Some((_, Node::List(items)))) => {
            items.iter().all(|item| matches!(item, Node::List(pair) if ours(pair.first())))
        }
        ("System.kill_storage" | "System.set_storage", _) => false,
        _ => true,
    };
    (!fine).then_some((Root, outside))
}
