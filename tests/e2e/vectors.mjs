// Writes tests/it/fixtures/vectors.json: what polkadot-js makes of the same calls, for the test that compares bytes.
//
//   npm ci --prefix tests/e2e && node tests/e2e/vectors.mjs
//
// Offline: the metadata is that of the fixture (zstd unpacks it). Arguments are written as a recipe or a person writes them: by
// name, as in the metadata; {"call": "Pallet.name", "args": {…}} is a call inside the call.
import { Metadata, TypeRegistry, expandMetadata } from '@polkadot/types';
import { stringCamelCase } from '@polkadot/util';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const packed = here('../it/fixtures/relay-metadata.scale.zst');
const metadataHex = `0x${execFileSync('zstd', ['-dc', packed], { maxBuffer: 1 << 26 }).toString('hex')}`;
const registry = new TypeRegistry();
const metadata = new Metadata(registry, metadataHex);
registry.setMetadata(metadata);
const { tx } = expandMetadata(registry, metadata);

const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const BOB = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';
const HASH = `0x${'ab'.repeat(32)}`;
const CODE = '0x0061736d01000000';
const head = { call: 'Paras.force_set_current_head', args: { para: 2000, new_head: '0x1234' } };
const relayChild = (id) => ({ parents: 0, interior: { X1: [{ Parachain: id }] } });
const transact = (call) => ({
  V5: [
    { UnpaidExecution: { weight_limit: 'Unlimited', check_origin: null } },
    { Transact: { origin_kind: 'Superuser', fallback_max_weight: null, call } },
    { ExpectTransactStatus: 'Success' },
  ],
});
const weight = { ref_time: 1_000_000_000, proof_size: 65_536 };

const VECTORS = [
  ['Registrar.remove_lock', { para: 2000 }],
  ['Registrar.add_lock', { para: 2000 }],
  ['Paras.force_set_current_head', head.args],
  ['Paras.force_note_new_head', { para: 4_294_967_295, new_head: '0x' }],
  ['Paras.force_set_current_code', { para: 2000, new_code: CODE }],
  ['Paras.authorize_force_set_current_code_hash', { para: 2000, new_code_hash: HASH, valid_period: 600 }],
  ['Paras.apply_authorized_force_set_current_code', { para: 2000, new_code: CODE }],
  ['Paras.force_schedule_code_upgrade', { para: 2000, new_code: CODE, relay_parent_number: 77 }],
  ['Registrar.schedule_code_upgrade', { para: 2000, new_code: CODE }],
  ['Paras.add_trusted_validation_code', { validation_code: CODE }],
  ['Paras.poke_unused_validation_code', { validation_code_hash: HASH }],
  ['Paras.remove_upgrade_cooldown', { para: 2000 }],
  ['Paras.force_set_most_recent_context', { para: 2000, context: 123_456 }],
  ['Paras.force_queue_action', { para: 2000 }],
  ['System.remark', { remark: '0xdead' }],
  ['System.kill_storage', { keys: ['0x01', `0x${'cd'.repeat(70)}`] }],
  ['System.set_storage', { items: [['0x01', '0x'], ['0x0203', '0xffff']] }],
  ['System.set_code', { code: CODE }],
  ['System.set_code_without_checks', { code: CODE }],
  ['System.authorize_upgrade', { code_hash: HASH }],
  ['System.authorize_upgrade_without_checks', { code_hash: HASH }],
  ['System.apply_authorized_upgrade', { code: CODE }],
  ['Registrar.force_register', { who: ALICE, deposit: '1000000000000', id: 2000, genesis_head: '0x00', validation_code: CODE }],
  ['Registrar.deregister', { id: 2000 }],
  ['ParaSudoWrapper.sudo_schedule_para_initialize', { id: 2000, genesis: { genesis_head: '0x00', validation_code: CODE, para_kind: true } }],
  ['ParaSudoWrapper.sudo_schedule_para_cleanup', { id: 2000 }],
  ['ParaSudoWrapper.sudo_schedule_parathread_upgrade', { id: 2000 }],
  ['ParaSudoWrapper.sudo_schedule_parachain_downgrade', { id: 2000 }],
  ['ParaSudoWrapper.sudo_queue_downward_xcm', { id: 1004, xcm: transact('0x000004aa') }],
  ['ParaSudoWrapper.sudo_establish_hrmp_channel', { sender: 2000, recipient: 1000, max_capacity: 8, max_message_size: 8192 }],
  ['ParasDisputes.force_unfreeze', {}],
  ['Initializer.force_approve', { up_to: 100 }],
  ['MessageQueue.execute_overweight', { message_origin: { Ump: { Para: 2000 } }, page: 0, index: 3, weight_limit: weight }],
  ['MessageQueue.reap_page', { message_origin: { Ump: { Para: 2000 } }, page_index: 7 }],
  ['Hrmp.force_open_hrmp_channel', { sender: 2000, recipient: 1000, max_capacity: 8, max_message_size: 8192 }],
  ['Hrmp.establish_system_channel', { sender: 1000, recipient: 1004 }],
  ['Hrmp.force_process_hrmp_open', { channels: 4 }],
  ['Hrmp.force_process_hrmp_close', { channels: 4 }],
  ['Hrmp.hrmp_close_channel', { channel_id: { sender: 2000, recipient: 1000 } }],
  ['Hrmp.hrmp_cancel_open_request', { channel_id: { sender: 2000, recipient: 1000 }, open_requests: 2 }],
  ['Hrmp.hrmp_accept_open_channel', { sender: 2000 }],
  ['Hrmp.poke_channel_deposits', { sender: 2000, recipient: 1000 }],
  ['Hrmp.force_clean_hrmp', { para: 2000, num_inbound: 3, num_outbound: 4 }],
  ['XcmPallet.send', { dest: { V5: relayChild(1004) }, message: transact('0x000004aa') }],
  ['XcmPallet.force_xcm_version', { location: relayChild(1000), version: 5 }],
  ['XcmPallet.force_default_xcm_version', { maybe_xcm_version: 5 }],
  ['XcmPallet.force_default_xcm_version', { maybe_xcm_version: null }],
  ['XcmPallet.force_subscribe_version_notify', { location: { V5: relayChild(1000) } }],
  ['XcmPallet.force_suspension', { suspended: true }],
  ['XcmPallet.claim_assets', {
    assets: { V5: [{ id: { parents: 0, interior: 'Here' }, fun: { Fungible: '10000000000' } }] },
    beneficiary: { V5: { parents: 0, interior: { X1: [{ AccountId32: { network: null, id: HASH } }] } } },
  }],
  ['Coretime.assign_core', { core: 1, begin: 500, assignment: [[{ Task: 2000 }, 57_600]], end_hint: null }],
  ['Coretime.assign_core', { core: 1, begin: 500, assignment: [['Idle', 28_800], ['Pool', 28_800]], end_hint: 900 }],
  ['Coretime.request_core_count', { count: 3 }],
  ['Coretime.credit_account', { who: ALICE, amount: '50000000000' }],
  ['OnDemand.place_order_allow_death', { max_amount: '340282366920938463463374607431768211455', para_id: 2000 }],
  ['OnDemand.place_order_keep_alive', { max_amount: '1', para_id: 2000 }],
  ['OnDemand.place_order_with_credits', { max_amount: '1', para_id: 2000 }],
  ['Slots.force_lease', { para: 2000, leaser: ALICE, amount: '0', period_begin: 0, period_count: 4 }],
  ['Slots.clear_all_leases', { para: 2000 }],
  ['Configuration.set_async_backing_params', { new: { max_candidate_depth: 3, allowed_ancestry_len: 2 } }],
  ['Configuration.set_approval_voting_params', { new: { max_approval_coalesce_count: 6 } }],
  ['Configuration.set_executor_params', { new: [{ MaxMemoryPages: 8192 }, { PvfExecTimeout: ['Backing', 2500] }] }],
  ['Configuration.set_node_feature', { index: 3, value: true }],
  ['Configuration.set_scheduler_params', {
    new: {
      group_rotation_frequency: 10, paras_availability_period: 4, max_validators_per_core: 3, lookahead: 5, num_cores: 2,
      on_demand_queue_max_size: 500, on_demand_target_queue_utilization: 250_000_000, on_demand_fee_variability: 30_000_000,
      on_demand_base_fee: '10000000',
    },
  }],
  ['Configuration.set_minimum_backing_votes', { new: 2 }],
  ['Configuration.set_on_demand_target_queue_utilization', { new: 250_000_000 }],
  ['Configuration.set_hrmp_sender_deposit', { new: '0' }],
  ['Configuration.set_bypass_consistency_check', { new: true }],
  ['Parameters.set_parameter', { key_value: { AhClient: { MinimumValidatorSetSize: [null, 4] } } }],
  ['StakingAhClient.set_mode', { mode: 'Buffered' }],
  ['StakingAhClient.validator_set', { report: { new_validator_set: [ALICE, BOB], id: 9, prune_up_to: null, leftover: false } }],
  ['StakingAhClient.set_keys_from_ah', { stash: ALICE, keys: '0x0102' }],
  ['StakingAhClient.purge_keys_from_ah', { stash: ALICE }],
  ['Session.set_keys', {
    keys: {
      grandpa: HASH, babe: HASH, para_validator: HASH, para_assignment: HASH, authority_discovery: HASH, beefy: `0x02${'cd'.repeat(32)}`,
    },
    proof: '0x',
  }],
  ['Staking.set_validator_count', { new: 4 }],
  ['Staking.set_invulnerables', { invulnerables: [ALICE, BOB] }],
  ['Staking.force_new_era', {}],
  ['Staking.force_no_eras', {}],
  ['Grandpa.note_stalled', { delay: 50, best_finalized_block_number: 1234 }],
  ['Balances.force_transfer', { source: ALICE, dest: BOB, value: '10000000000' }],
  ['Balances.transfer_keep_alive', { dest: BOB, value: '10000000000' }],
  ['Balances.force_set_balance', { who: ALICE, new_free: '340282366920938463463374607431768211455' }],
  ['Balances.force_adjust_total_issuance', { direction: 'Decrease', delta: '7' }],
  ['Balances.force_unreserve', { who: ALICE, amount: '7' }],
  ['Proxy.add_proxy', { delegate: BOB, proxy_type: 'SafeSudo', delay: 0 }],
  ['Proxy.remove_proxy', { delegate: BOB, proxy_type: 'SafeSudo', delay: 0 }],
  ['Proxy.proxy', { real: ALICE, force_proxy_type: 'SafeSudo', call: { call: 'Sudo.sudo', args: { call: head } } }],
  ['Multisig.as_multi', { threshold: 2, other_signatories: [BOB, ALICE], maybe_timepoint: { height: 5, index: 1 }, call: head, max_weight: weight }],
  ['Multisig.as_multi_threshold_1', { other_signatories: [BOB], call: head }],
  ['Multisig.approve_as_multi', { threshold: 2, other_signatories: [BOB, ALICE], maybe_timepoint: null, call_hash: HASH, max_weight: weight }],
  ['Multisig.cancel_as_multi', { threshold: 2, other_signatories: [BOB, ALICE], timepoint: { height: 5, index: 1 }, call_hash: HASH }],
  ['Sudo.sudo', { call: head }],
  ['Sudo.sudo_unchecked_weight', { call: head, weight }],
  ['Sudo.set_key', { new: BOB }],
  ['Utility.batch_all', { calls: [head, { call: 'System.remark', args: { remark: '0x' } }] }],
  ['Utility.dispatch_as', { as_origin: { system: { Signed: ALICE } }, call: { call: 'Paras.remove_upgrade_cooldown', args: { para: 2000 } } }],
  ['Utility.dispatch_as', {
    as_origin: { ParachainsOrigin: { Parachain: 2000 } },
    call: { call: 'Hrmp.hrmp_close_channel', args: { channel_id: { sender: 2000, recipient: 1000 } } },
  }],
];

// Every other setter of the configuration takes one number.
const NUMBERS = Object.values(tx.configuration).filter((c) => c.meta.args.length === 1 && /^u\d+$|^Perbill$/.test(c.meta.args[0].type.toString()));
for (const call of NUMBERS) {
  const name = `Configuration.${call.meta.name.toString().replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}`;
  if (!VECTORS.some(([have]) => have === name)) VECTORS.push([name, { new: 42 }]);
}

// Field names are camelCase there, unknown ones are passed over in silence, and the bytes of a call in XCM stand in `encoded`.
function theirs(value) {
  if (Array.isArray(value)) return value.map(theirs);
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.call === 'string' && value.args) return make(value.call, value.args);
  const field = ([k, v]) => [k.includes('_') ? stringCamelCase(k) : k, k === 'call' ? { encoded: v } : theirs(v)];
  return Object.fromEntries(Object.entries(value).map(field));
}

function make(path, args) {
  const [pallet, name] = path.split('.');
  const call = tx[stringCamelCase(pallet)]?.[stringCamelCase(name)];
  if (!call) throw new Error(`${path} is not in the metadata`);
  const names = call.meta.args.map((a) => a.name.toString());
  const given = Object.fromEntries(Object.entries(args).map(([n, value]) => [stringCamelCase(n), value]));
  const wrong = Object.keys(given).find((n) => !names.includes(n)) ?? names.find((n) => !(n in given));
  if (wrong) throw new Error(`${path}: argument ${wrong}, expected ${names}`);
  return call(...names.map((n) => theirs(given[n])));
}

const lines = VECTORS.map(([call, args]) => JSON.stringify({ call, args, hex: make(call, args).toHex() }));
writeFileSync(here('../it/fixtures/vectors.json'), `[\n${lines.join(',\n')}\n]\n`);
console.log(`${lines.length} vectors`);
