#include "world/disk/iscsi_address.h"

#include <iscsi/iscsi.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "world/disk/disk_fault.h"

namespace vmft {
namespace {

constexpr const char* initiator_file = "/etc/iscsi/initiatorname.iscsi";

std::string without_password(const std::string& url) {
    size_t host = url.find("//");
    if (host == std::string::npos) return url;
    host += 2;
    // A password may hold anything but what ends it: the last @ before the path.
    size_t path = url.find('/', host);
    size_t at = url.rfind('@', path);
    if (at == std::string::npos || at < host) return url;
    size_t secret = url.find('%', host);
    if (secret == std::string::npos || secret > at) return url;
    return url.substr(0, secret) + url.substr(at);
}

/// libiscsi takes anything for a LUN's number, and no host for a host. What follows a ? is its own.
bool has_lun_number(const std::string& url) {
    std::string path = url.substr(0, url.find('?'));
    std::string lun = path.substr(path.rfind('/') + 1);
    return !lun.empty() && lun.size() <= 5 &&
           lun.find_first_not_of("0123456789") == std::string::npos;
}

std::string initiator_name() {
    if (const char* name = std::getenv("VMFT_INITIATOR_NAME"); name && *name) return name;
    constexpr std::string_view key = "InitiatorName=";
    std::ifstream file(initiator_file);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key) && line.size() > key.size()) return line.substr(key.size());
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    return std::string("iqn.2026-01.vmft:") + host;
}

}  // namespace

IscsiAddress parse_iscsi_url(const std::string& url) {
    IscsiAddress address;
    address.shown = without_password(url);
    address.initiator = initiator_name();
    struct DestroyContext {
        void operator()(iscsi_context* context) const { iscsi_destroy_context(context); }
    };
    struct DestroyUrl {
        void operator()(iscsi_url* parsed) const { iscsi_destroy_url(parsed); }
    };
    std::unique_ptr<iscsi_context, DestroyContext> context(
        iscsi_create_context(address.initiator.c_str()));
    if (!context) throw std::bad_alloc();
    std::unique_ptr<iscsi_url, DestroyUrl> parsed(iscsi_parse_full_url(context.get(), url.c_str()));
    if (!parsed || !has_lun_number(url) || parsed->target[0] == 0 || parsed->portal[0] == 0 ||
        parsed->portal[0] == ':')
        throw DiskFault("usage", address.shown + " is not the URL of an iSCSI disk",
                        "write iscsi://[USER[%PASSWORD]@]HOST[:PORT]/TARGET/LUN");
    address.portal = parsed->portal;
    address.target = parsed->target;
    address.lun = parsed->lun;
    address.user = parsed->user;
    address.password = parsed->passwd;
    address.target_user = parsed->target_user;
    address.target_password = parsed->target_passwd;
    return address;
}

}  // namespace vmft
