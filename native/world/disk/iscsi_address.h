#pragma once

#include <string>

#include "base/types.h"

namespace vmft {

/// Where an iSCSI LUN is, and who we are there.
struct IscsiAddress {
    std::string shown;   ///< The URL without a password: the only form for messages.
    std::string portal;  ///< host:port, as libiscsi takes it.
    std::string target;
    int lun = 0;
    std::string user, password;                ///< CHAP; empty: none.
    std::string target_user, target_password;  ///< Of mutual CHAP.
    std::string initiator;                     ///< Our name: a target's access list may ask for it.
};

/// `iscsi://[user[%password]@]host[:port]/target/lun`; user and password also from
/// LIBISCSI_CHAP_USERNAME and LIBISCSI_CHAP_PASSWORD. The initiator's name is
/// VMFT_INITIATOR_NAME's, or this host's (/etc/iscsi/initiatorname.iscsi), or made of the host's
/// name. Throws DiskFault (`usage`), which does not tell the password.
IscsiAddress parse_iscsi_url(const std::string& url);

}  // namespace vmft
