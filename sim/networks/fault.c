/* Which fault strikes a call or webhook: the first of the list that fits and whose turn it is. See
 * sim.h. */
#include <string.h>

#include "inner.h"

static const char *const names[SIM_FAULT_MODES] = {
    [SIM_FAULT_NONE] = "none",
    [SIM_FAULT_SERVER_ERROR] = "500",
    [SIM_FAULT_RATE_LIMIT] = "429",
    [SIM_FAULT_RATE_LIMIT_BARE] = "429_bare",
    [SIM_FAULT_UNAUTHORIZED] = "401",
    [SIM_FAULT_TIMEOUT_BEFORE] = "timeout_before",
    [SIM_FAULT_TIMEOUT_AFTER] = "timeout_after",
    [SIM_FAULT_RESET] = "reset",
    [SIM_FAULT_RESET_AFTER] = "reset_after",
    [SIM_FAULT_SERVER_ERROR_AFTER] = "500_after",
    [SIM_FAULT_HALF_BODY] = "half_body",
    [SIM_FAULT_WRONG_JSON] = "wrong_json",
    [SIM_FAULT_SLOW] = "slow",
    [SIM_FAULT_DUPLICATE] = "duplicate",
    [SIM_FAULT_DELAY] = "delay",
    [SIM_FAULT_REORDER] = "reorder",
    [SIM_FAULT_DROP] = "drop",
};

const char *sim_fault_name(enum sim_fault_mode mode)
{
    return names[mode];
}

bool sim_fault_parse(str name, enum sim_fault_mode *mode)
{
    for (int i = SIM_FAULT_NONE + 1; i < SIM_FAULT_MODES; i++) {
        if (!str_eq(name, str_from(names[i])))
            continue;
        *mode = (enum sim_fault_mode)i;
        return true;
    }
    return false;
}

static str keep(char *to, ptrdiff_t size, str s)
{
    s = str_sub(s, 0, size);
    if (s.len > 0)
        memcpy(to, s.at, (size_t)s.len);
    return str_of(to, s.len);
}

err sim_fault_add(struct sim *sim, const struct sim_fault *fault)
{
    pthread_mutex_lock(&sim->fault_lock);
    bool is_full = sim->fault_count == SIM_FAULTS_MAX;
    if (!is_full) {
        struct fault_slot *slot = &sim->faults[sim->fault_count++];
        *slot = (struct fault_slot){.fault = *fault};
        slot->fault.network = keep(slot->network, sizeof slot->network, fault->network);
        slot->fault.account = keep(slot->account, sizeof slot->account, fault->account);
        slot->fault.path = keep(slot->path, sizeof slot->path, fault->path);
        if (slot->fault.retry_after_ms == 0)
            slot->fault.retry_after_ms = 1000;
        if (slot->fault.delay_ms == 0)
            slot->fault.delay_ms = fault->mode == SIM_FAULT_SLOW ? 100 : 1000;
        atomic_store(&sim->faults_set, sim->fault_count);
    }
    pthread_mutex_unlock(&sim->fault_lock);
    return is_full ? E_LIMIT : OK;
}

void sim_faults_clear(struct sim *sim, str network)
{
    pthread_mutex_lock(&sim->fault_lock);
    int kept = 0;
    for (int i = 0; i < sim->fault_count; i++) {
        struct fault_slot *from = &sim->faults[i], *to = &sim->faults[kept];
        if (network.len == 0 || str_eq(network, from->fault.network))
            continue;
        if (from != to) {
            *to = *from;
            to->fault.network.at = to->network;
            to->fault.account.at = to->account;
            to->fault.path.at = to->path;
        }
        kept++;
    }
    sim->fault_count = kept;
    atomic_store(&sim->faults_set, kept);
    pthread_mutex_unlock(&sim->fault_lock);
}

/* Under the lock. */
static bool strikes(struct sim *sim, struct fault_slot *slot)
{
    const struct sim_fault *f = &slot->fault;
    slot->seen++;
    if (slot->seen <= f->skip || (f->count > 0 && slot->struck >= f->count))
        return false;
    if (f->every > 1 && (slot->seen - f->skip) % f->every != 0)
        return false;
    if (f->probability > 0 &&
        (double)(dice_next(&sim->fault_dice) >> 11) * 0x1.0p-53 >= f->probability)
        return false;
    slot->struck++;
    return true;
}

struct sim_fault fault_pick(struct sim *sim, str network, str account, str path, bool is_webhook)
{
    struct sim_fault found = {0};
    if (atomic_load(&sim->faults_set) == 0)
        return found;
    int64_t now_ms = sim_now(sim);
    pthread_mutex_lock(&sim->fault_lock);
    for (int i = 0; i < sim->fault_count && found.mode == SIM_FAULT_NONE; i++) {
        struct fault_slot *slot = &sim->faults[i];
        const struct sim_fault *f = &slot->fault;
        if (f->is_webhook != is_webhook || (f->network.len > 0 && !str_eq(f->network, network)) ||
            (f->account.len > 0 && !str_eq(f->account, account)) ||
            (f->path.len > 0 && str_find(path, f->path) < 0) || now_ms < f->from_ms ||
            (f->until_ms > 0 && now_ms >= f->until_ms))
            continue;
        if (strikes(sim, slot))
            found = *f;
    }
    pthread_mutex_unlock(&sim->fault_lock);
    found.network = found.account = found.path = (str){0};
    return found;
}

void faults_write(struct sim *sim, struct json_out *j)
{
    pthread_mutex_lock(&sim->fault_lock);
    json_arr(j);
    for (int i = 0; i < sim->fault_count; i++) {
        const struct fault_slot *slot = &sim->faults[i];
        json_obj(j);
        json_kv_text(j, S("network"), slot->fault.network);
        json_kv_text(j, S("account"), slot->fault.account);
        json_kv_text(j, S("path"), slot->fault.path);
        json_kv_str(j, S("target"), slot->fault.is_webhook ? S("webhooks") : S("calls"));
        json_kv_str(j, S("mode"), str_from(sim_fault_name(slot->fault.mode)));
        json_kv_int(j, S("seen"), slot->seen);
        json_kv_int(j, S("struck"), slot->struck);
        json_obj_end(j);
    }
    json_arr_end(j);
    pthread_mutex_unlock(&sim->fault_lock);
}
