/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -object and QMP object-add: memory back ends that the machine's RAM is made of (-M
 * memory-backend=, -numa node,memdev=), and secrets, which are accepted so that management programs
 * can pass the one they always make (nothing here reads one yet).  They stand under /objects. Left
 * out: memory back ends added to a running machine, which has no place for them.
 */
#include <string.h>
#include "app.h"
#include "monitor/commands.h"
#include "object/object.h"
#include "util/error.h"
#include "util/cutils.h"
#include "util/options.h"

#define MEMORY_OPTIONS                                                                             \
    {"size", OPTION_SIZE, "bytes", NULL}, {"share", OPTION_BOOL, "map shared", NULL},              \
        {"prealloc", OPTION_BOOL, "touch all of it at the start", NULL},                           \
        {"merge", OPTION_BOOL, "accepted", NULL}, {"dump", OPTION_BOOL, "accepted", NULL},         \
    {                                                                                              \
        "x-use-canonical-path-for-ramblock-id", OPTION_BOOL, "accepted", NULL                      \
    }

static const OptionDesc ram_rows[] = {MEMORY_OPTIONS, {0}};
static const OptionDesc file_rows[] = {
    MEMORY_OPTIONS,
    {"mem-path", OPTION_STRING, "file or directory", NULL},
    {0},
};
static const OptionDesc secret_rows[] = {
    {"data", OPTION_STRING, "the secret", NULL},
    {"file", OPTION_STRING, "file that holds it", NULL},
    {"format", OPTION_STRING, "raw or base64", NULL},
    {"keyid", OPTION_STRING, "key", NULL},
    {"iv", OPTION_STRING, "initial vector", NULL},
    {0},
};
#define TLS_OPTIONS                                                                                \
    {"dir", OPTION_STRING, "folder of the credentials' files", NULL},                              \
        {"endpoint", OPTION_STRING, "client or server", NULL},                                     \
        {"verify-peer", OPTION_BOOL, "look at the other side's certificate", NULL},                \
    {                                                                                              \
        "priority", OPTION_STRING, "GnuTLS priority string", NULL                                  \
    }
static const OptionDesc x509_rows[] = {
    TLS_OPTIONS, {"sanity-check", OPTION_BOOL, "accepted", NULL}, {0},
};
static const OptionDesc psk_rows[] = {
    TLS_OPTIONS, {"username", OPTION_STRING, "whose key", NULL}, {0}};

typedef struct UserObject {
    Object parent;
    Options *options;
    bool used;                   /* by the machine */
} UserObject;

/* Properties show what the options said: they cannot be changed. */
static bool get_text(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    value->kind = PROPERTY_STRING;
    value->s = g_strdup(options_get(((UserObject *)obj)->options, prop->name) ?: "");
    return true;
}

static bool get_flag(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    value->kind = PROPERTY_BOOL;
    value->b = options_get_bool(((UserObject *)obj)->options, prop->name, false);
    return true;
}

static bool get_size(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    value->kind = PROPERTY_UINT;
    value->u = options_get_size(((UserObject *)obj)->options, prop->name, 0);
    return true;
}

static bool refuse(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    error_setg(errp, "Property '%s.%s' cannot be changed", obj->class->name, prop->name);
    return false;
}

#define MEMORY_PROPERTIES                                                                          \
    DEFINE_PROP_CUSTOM("size", property_type_uint64, refuse, get_size, "bytes"),                   \
        DEFINE_PROP_CUSTOM("share", property_type_bool, refuse, get_flag, "map shared"),           \
        DEFINE_PROP_CUSTOM("prealloc", property_type_bool, refuse, get_flag,                       \
                           "touch all at the start"),                                              \
        DEFINE_PROP_CUSTOM("merge", property_type_bool, refuse, get_flag, "accepted"),             \
        DEFINE_PROP_CUSTOM("dump", property_type_bool, refuse, get_flag, "accepted"),              \
        DEFINE_PROP_CUSTOM("x-use-canonical-path-for-ramblock-id", property_type_bool, refuse,     \
                           get_flag, "accepted")

static const Property ram_properties[] = {MEMORY_PROPERTIES, DEFINE_PROP_END_OF_LIST()};
static const Property file_properties[] = {
    MEMORY_PROPERTIES,
    DEFINE_PROP_CUSTOM("mem-path", property_type_string, refuse, get_text, "file or directory"),
    DEFINE_PROP_END_OF_LIST(),
};
#define TLS_PROPERTIES                                                                             \
    DEFINE_PROP_CUSTOM("dir", property_type_string, refuse, get_text,                              \
                       "folder of the credentials' files"),                                        \
        DEFINE_PROP_CUSTOM("endpoint", property_type_string, refuse, get_text,                     \
                           "client or server"),                                                    \
        DEFINE_PROP_CUSTOM("verify-peer", property_type_bool, refuse, get_flag,                    \
                           "look at the other side's certificate"),                                \
        DEFINE_PROP_CUSTOM("priority", property_type_string, refuse, get_text,                     \
                           "GnuTLS priority string")
static const Property x509_properties[] = {
    TLS_PROPERTIES,
    DEFINE_PROP_CUSTOM("sanity-check", property_type_bool, refuse, get_flag, "accepted"),
    DEFINE_PROP_END_OF_LIST(),
};
static const Property psk_properties[] = {
    TLS_PROPERTIES,
    DEFINE_PROP_CUSTOM("username", property_type_string, refuse, get_text, "whose key"),
    DEFINE_PROP_END_OF_LIST(),
};
/* Not the secret itself. */
static const Property secret_properties[] = {
    DEFINE_PROP_CUSTOM("format", property_type_string, refuse, get_text, "raw or base64"),
    DEFINE_PROP_END_OF_LIST(),
};

static void user_object_finalize(Object *obj)
{
    options_free(((UserObject *)obj)->options);
}

#define USER_OBJECT(type, text, rows)                                                              \
    {                                                                                              \
        .name = type, .description = text, .instance_size = sizeof(UserObject),                    \
        .properties = rows, .instance_finalize = user_object_finalize                              \
    }

static const struct ObjectKind {
    ObjectClass class;
    OptionListDesc list;
    bool memory, shared;
} kinds[] = {
    {USER_OBJECT("memory-backend-ram", "anonymous memory", ram_properties),
     {.name = "object", .desc = ram_rows},
     true,
     false},
    {USER_OBJECT("memory-backend-file", "memory of a file", file_properties),
     {.name = "object", .desc = file_rows},
     true,
     false},
    {USER_OBJECT("memory-backend-memfd", "anonymous memory that has a descriptor", ram_properties),
     {.name = "object", .desc = ram_rows},
     true,
     true},
    {USER_OBJECT("tls-creds-x509", "certificates for TLS", x509_properties),
     {.name = "object", .desc = x509_rows},
     false,
     false},
    {USER_OBJECT("tls-creds-psk", "keys for TLS", psk_properties),
     {.name = "object", .desc = psk_rows},
     false,
     false},
    {USER_OBJECT("secret", "a secret", secret_properties),
     {.name = "object", .desc = secret_rows},
     false,
     false},
};

static const struct ObjectKind *kind_of(const UserObject *obj)
{
    return container_of(obj->parent.class, const struct ObjectKind, class);
}

static Object *container(void)
{
    return object_container(object_root(), "objects");
}

static const struct ObjectKind *find_kind(const char *name, GError **errp)
{
    const char *names[G_N_ELEMENTS(kinds) + 1] = {NULL};
    const char *near;

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        names[i] = kinds[i].class.name;
        if (!strcmp(names[i], name)) {
            return &kinds[i];
        }
    }
    near = nearest_name(name, names);
    error_setg(errp, "invalid object type: %s%s%s%s", name, near ? " (did you mean '" : "",
               near ? near : "", near ? "'?)" : "");
    return NULL;
}

static bool check(const struct ObjectKind *kind, const Options *options, GError **errp)
{
    if (!options->id) {
        error_setg(errp, "Parameter 'id' is missing");
        return false;
    }
    if (kind->memory && !options_get_size(options, "size", 0)) {
        error_setg(errp, "can't create backend with size 0");
        return false;
    }
    if (!strcmp(kind->class.name, "memory-backend-file") && !options_get(options, "mem-path")) {
        error_setg(errp, "mem-path property not set");
        return false;
    }
    if (g_str_has_prefix(kind->class.name, "tls-creds-")) {
        const char *endpoint = options_get(options, "endpoint");
        if (!options_get(options, "dir")) {
            error_setg(errp, "Missing 'dir' property value");
            return false;
        }
        if (endpoint && strcmp(endpoint, "client") && strcmp(endpoint, "server")) {
            error_setg(errp, "Invalid parameter '%s': endpoint is client or server", endpoint);
            return false;
        }
    }
    return true;
}

/* "TYPE,id=ID,..." */
static UserObject *create(const char *text, bool running, GError **errp)
{
    g_autofree char *name = NULL;
    const struct ObjectKind *kind;
    Options *options;
    UserObject *obj;

    text = options_next_item(text, &name);
    if (g_str_has_prefix(name, "qom-type=")) {
        memmove(name, name + 9, strlen(name + 9) + 1);
    }
    kind = find_kind(name, errp);
    if (!kind) {
        return NULL;
    }
    if (running && kind->memory) {
        error_setg(errp, "'%s' can be made at the start only (-object)", name);
        return NULL;
    }
    options = options_parse(&kind->list, text ? text : "", errp);
    if (!options) {
        return NULL;
    }
    if (!check(kind, options, errp)) {
        options_free(options);
        return NULL;
    }
    obj = (UserObject *)object_new(&kind->class);
    obj->options = options;
    if (object_child(container(), options->id)) {
        error_setg(errp, "attempt to add duplicate property '%s' to object (type 'container')",
                   options->id);
        object_unref(&obj->parent);
        return NULL;
    }
    if (!object_add_child(container(), options->id, &obj->parent, errp)) {
        object_unref(&obj->parent);
        return NULL;
    }
    return obj;
}

static bool create_from_option(const char *text, GError **errp)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    json_error_t why;
    json_t *value;
    bool good;

    if (*text != '{') {
        return create(text, false, errp) != NULL;
    }
    value = json_loads(text, 0, &why);
    if (!value) {
        error_setg(errp, "JSON parse error, %s", why.text);
        return false;
    }
    good = monitor_options_from_json(value, "qom-type", plain, errp);
    json_decref(value);
    return good && create(plain->str, false, errp);
}

/* ---- Credentials ---- */

TlsCredentials *app_tls_credentials(const char *id, GError **errp)
{
    UserObject *obj = (UserObject *)object_child(container(), id);
    const char *type = obj ? obj->parent.class->name : NULL;

    if (!obj) {
        error_setg(errp, "No TLS credentials with id '%s'", id);
        return NULL;
    }
    if (!g_str_has_prefix(type, "tls-creds-")) {
        error_setg(errp, "Object with id '%s' is not TLS credentials", id);
        return NULL;
    }
    TlsCredentials *c = g_new0(TlsCredentials, 1);
    c->psk = !strcmp(type, "tls-creds-psk");
    c->server = !g_strcmp0(options_get(obj->options, "endpoint"), "server");
    c->verify_peer = options_get_bool(obj->options, "verify-peer", true);
    c->dir = g_strdup(options_get(obj->options, "dir"));
    c->priority = g_strdup(options_get(obj->options, "priority"));
    c->username = g_strdup(options_get(obj->options, "username"));
    return c;
}

/* ---- What the machine's memory is made of ---- */

static UserObject *take_backend(const char *id, GError **errp)
{
    UserObject *obj = (UserObject *)object_child(container(), id);

    if (!obj || !kind_of(obj)->memory) {
        error_setg(errp, "Memory backend '%s' not found", id);
        return NULL;
    }
    if (obj->used) {
        error_setg(errp, "memory backend '%s' is used multiple times", id);
        return NULL;
    }
    obj->used = true;
    return obj;
}

static bool shared(const UserObject *obj)
{
    return options_get_bool(obj->options, "share", kind_of(obj)->shared);
}

static bool use_for_machine(MachineState *machine, GError **errp)
{
    UserObject *obj = take_backend(machine->memory_backend, errp);
    uint64_t size;

    if (!obj) {
        return false;
    }
    size = options_get_size(obj->options, "size", 0);
    if (size != machine->ram_size) {
        error_setg(errp,
                   "size of memory backend '%s' (0x%" PRIx64
                   ") and of the machine's memory (-m, 0x%" PRIx64 ") differ",
                   obj->options->id, size, machine->ram_size);
        return false;
    }
    if (options_has(obj->options, "mem-path")) {
        g_free(machine->memory_path);
        machine->memory_path = g_strdup(options_get(obj->options, "mem-path"));
    }
    machine->memory_shared = shared(obj);
    machine->memory_prealloc = options_get_bool(obj->options, "prealloc", machine->memory_prealloc);
    return true;
}

static bool use_for_nodes(MachineState *machine, GError **errp)
{
    NumaState *numa = machine->numa;
    unsigned with_backend = 0, with_size = 0;

    for (unsigned i = 0; i < numa->num_nodes; i++) {
        NumaNode *node = &numa->nodes[i];
        UserObject *obj;

        with_size += !node->memdev && node->mem;
        if (!node->memdev) {
            continue;
        }
        with_backend++;
        obj = take_backend(node->memdev, errp);
        if (!obj) {
            return false;
        }
        node->mem = options_get_size(obj->options, "size", 0);
        node->path = g_strdup(options_get(obj->options, "mem-path"));
        node->shared = shared(obj);
        node->prealloc = options_get_bool(obj->options, "prealloc", machine->memory_prealloc);
    }
    if (with_backend && with_size) {
        error_setg(
            errp,
            "numa configuration should use either mem= or memdev=, mixing both is not allowed");
        return false;
    }
    if (with_backend && machine->memory_backend && *machine->memory_backend) {
        error_setg(
            errp, "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive");
        return false;
    }
    return true;
}

bool app_apply_objects(AppConfig *config, MachineState *machine, GError **errp)
{
    for (guint i = 0; i < config->objects->len; i++) {
        const char *text = g_ptr_array_index(config->objects, i);

        if (!create_from_option(text, errp)) {
            g_prefix_error(errp, "-object %s: ", text);
            return false;
        }
    }
    if (!use_for_nodes(machine, errp)) {
        return false;
    }
    return !machine->memory_backend || !*machine->memory_backend || use_for_machine(machine, errp);
}

/* ---- QMP ---- */

static json_t *object_add(json_t *arguments, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!monitor_options_from_json(arguments, "qom-type", text, errp) ||
        !create(text->str, true, errp)) {
        return NULL;
    }
    return json_object();
}

static json_t *object_del(json_t *arguments, GError **errp)
{
    const char *id = json_string_value(json_object_get(arguments, "id"));
    UserObject *obj = (UserObject *)object_child(container(), id);

    if (!obj) {
        error_setg(errp, "object '%s' not found", id);
        return NULL;
    }
    if (obj->used) {
        error_setg(errp, "object '%s' is in use, can not be deleted", id);
        return NULL;
    }
    object_unparent(&obj->parent);
    return json_object();
}

static void add_backend(json_t *list, const UserObject *obj)
{
    const Options *o = obj->options;

    json_array_append_new(list, json_pack("{s:s, s:I, s:b, s:b, s:b, s:b, s:[], s:s}", "id", o->id,
                                          "size", (json_int_t)options_get_size(o, "size", 0),
                                          "merge", options_get_bool(o, "merge", true), "dump",
                                          options_get_bool(o, "dump", true), "prealloc",
                                          options_get_bool(o, "prealloc", false), "share",
                                          shared(obj), "host-nodes", "policy", "default"));
}

static json_t *query_memdev(json_t *arguments, GError **errp)
{
    json_t *result = json_array();
    Object *all = container();

    for (guint i = 0; all->children && i < all->children->len; i++) {
        const UserObject *obj = g_ptr_array_index(all->children, i);

        if (kind_of(obj)->memory) {
            add_backend(result, obj);
        }
    }
    return result;
}

void app_register_object_classes(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        monitor_register_class(&kinds[i].class);
    }
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand app_object_commands[] = {
    {"object-add", object_add, .preconfig = true, .arguments = ARGS("qom-type:s", "id:s", "*")},
    {"object-del", object_del, .preconfig = true, .arguments = ARGS("id:s")},
    {"query-memdev", query_memdev},
    {0},
};
